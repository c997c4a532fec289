"""The makers' Python SDK as a client of the mock, step by step.

Run by run.mts, which starts the mock and gives its addresses in the environment. Prints one line
of JSON per step: what it was, and what went wrong, if anything did. The rule: only the SDK's own
calls touch the API; requests is used for the video itself and to give the mock orders.
"""

import asyncio
import json
import os
import sys

import requests

import dashscope
from dashscope import Models
from dashscope.aigc.video_synthesis import AioVideoSynthesis, VideoSynthesis
from dashscope.client.base_api import BaseApi, BaseAsyncApi
from dashscope.common.error import UploadFileException
from dashscope.utils.oss_utils import OssUtils

CONTROL = os.environ["MOCK_URL"] + "/__control/"
PORTRAITS = os.environ["MOCK_PORTRAITS"]
FILES = os.environ["MOCK_FILES"]
KEY = os.environ["DASHSCOPE_API_KEY"]
RESOLVE = {"X-DashScope-OssResourceResolve": "enable"}
WRONG_KEY = "sk-00000000000000000000000000000000"

STEPS = []


def step(function):
    STEPS.append(function)
    return function


def control(path, body):
    requests.post(CONTROL + path, data=json.dumps(body), timeout=5).raise_for_status()


def let_pass(seconds):
    """Moves the mock's clock: limits are per second, and nothing here waits for them."""
    control("clock", {"advanceMs": seconds * 1000})


def same(got, wanted, what):
    assert got == wanted, f"{what} is {got!r}, not {wanted!r}"


def refused(response, status, code, message=None):
    same(response.status_code, status, "status_code")
    same(response.code, code, "code")
    if message is not None:
        same(response.message, message, "message")
    assert response.request_id, "no request_id"


def accepted(response):
    same((response.status_code, response.code or ""), (200, ""), "the answer")
    assert response.request_id, "no request_id"
    return response


def detect(image_url, model="emoji-detect-v1", api_key=None, **more):
    let_pass(2)
    return BaseApi.call(
        model,
        {"image_url": image_url},
        task_group="aigc",
        task="image2video",
        function="face-detect",
        api_key=api_key,
        ratio="1:1",
        **more,
    )


def areas(image_url):
    output = accepted(detect(image_url)).output
    return output["bbox_face"], output["ext_bbox_face"]


def wish(image_url=None, template="mengwa_kaixin"):
    image_url = image_url or PORTRAITS + "ada.png"
    face, expression = [192, 192, 448, 448], [64, 64, 576, 576]
    return {
        "image_url": image_url,
        "driven_id": template,
        "face_bbox": face,
        "ext_bbox": expression,
    }


def create(extra_input=None, model="emoji-v1", wait_for_limit=True, **more):
    if wait_for_limit:
        let_pass(2)
    return VideoSynthesis.async_call(
        model=model, task="image2video", extra_input=extra_input or wish(), **more
    )


def made():
    response = accepted(create())
    same(response.output["task_status"], "PENDING", "task_status")
    return response


def finish():
    let_pass(3600)


# The key and the models


@step
def lists_models():
    output = accepted(Models.list()).output
    same([row["model"] for row in output["models"]], ["emoji-v1", "emoji-detect-v1"], "models")


@step
def gets_one_model():
    same(accepted(Models.get("emoji-v1")).output["model"], "emoji-v1", "model")


@step
def is_told_of_a_model_that_is_not_listed():
    same(Models.get("emoji-v9").status_code, 404, "status_code")


@step
def is_refused_with_a_wrong_key():
    refused(Models.list(api_key=WRONG_KEY), 401, "InvalidApiKey", "Invalid API-key provided.")


# Uploads


@step
def gets_an_upload_certificate():
    output = accepted(OssUtils.get_upload_certificate("emoji-v1", api_key=KEY)).output
    same((output["expire_in_seconds"], output["max_file_size_mb"]), (300, 1024), "the limits")


@step
def uploads_a_portrait():
    url, _ = OssUtils.upload("emoji-v1", FILES + "/ada.png", api_key=KEY)
    assert url.startswith("oss://dashscope-instant/"), url


@step
def is_refused_an_upload_over_another():
    _, certificate = OssUtils.upload("emoji-v1", FILES + "/ada.png", api_key=KEY)
    try:
        OssUtils.upload("emoji-v1", FILES + "/ada.png", upload_certificate=certificate)
    except UploadFileException as error:
        assert "FileAlreadyExists" in str(error), error
    else:
        raise AssertionError("the same name was taken twice")


@step
def is_refused_an_upload_by_an_old_certificate():
    _, certificate = OssUtils.upload("emoji-v1", FILES + "/ada.png", api_key=KEY)
    let_pass(301)
    try:
        OssUtils.upload("emoji-v1", FILES + "/ben.jpg", upload_certificate=certificate)
    except UploadFileException as error:
        assert "Policy expired" in str(error), error
    else:
        raise AssertionError("an old certificate was good")


@step
def is_refused_a_certificate_for_an_unknown_model():
    refused(
        OssUtils.get_upload_certificate("emoji-v9", api_key=KEY),
        404,
        "InvalidParameter",
        "Model not exist.",
    )


# Detection


@step
def detects_a_face():
    face, expression = areas(PORTRAITS + "ada.png")
    same((face, expression), ([192, 192, 448, 448], [64, 64, 576, 576]), "the areas")


@step
def reads_what_a_detection_costs():
    same(dict(accepted(detect(PORTRAITS + "ben.jpg")).usage), {"image_count": 1}, "usage")


@step
def detects_a_face_in_an_upload():
    url, _ = OssUtils.upload("emoji-detect-v1", FILES + "/ada.png", api_key=KEY)
    accepted(detect(url, headers=dict(RESOLVE)))


@step
def is_refused_an_upload_without_its_header():
    url, _ = OssUtils.upload("emoji-detect-v1", FILES + "/ada.png", api_key=KEY)
    refused(detect(url), 400, "invalid_parameter_error")


@step
def reads_a_verdict():
    output = accepted(detect(PORTRAITS + "no-human.png")).output
    same(output["code"], "InvalidFile.NoHuman", "output.code")


@step
def is_refused_an_image_that_is_gone():
    refused(detect(PORTRAITS + "gone.png"), 400, "InvalidParameter.DataInspection")


@step
def is_refused_detection_with_a_wrong_key():
    refused(detect(PORTRAITS + "ada.png", api_key=WRONG_KEY), 401, "InvalidApiKey")


@step
def is_refused_an_unknown_model():
    refused(
        detect(PORTRAITS + "ada.png", model="emoji-detect-v9"),
        404,
        "InvalidParameter",
        "Model not exist.",
    )


@step
def is_refused_a_model_on_the_path_of_another():
    refused(
        detect(PORTRAITS + "ada.png", model="emoji-v1"),
        400,
        "InvalidParameter",
        "url error, please check url！",
    )


@step
def is_refused_a_model_on_the_path_the_sdk_would_choose():
    let_pass(2)
    response = VideoSynthesis.async_call(model="emoji-v1", extra_input=wish())
    refused(response, 400, "InvalidParameter", "url error, please check url！")


@step
def is_told_to_detect_more_slowly():
    accepted(detect(PORTRAITS + "ada.png"))
    answers = [
        BaseApi.call(
            "emoji-detect-v1",
            {"image_url": PORTRAITS + "ada.png"},
            task_group="aigc",
            task="image2video",
            function="face-detect",
            ratio="1:1",
        ).status_code
        for _ in range(2)
    ]
    assert 429 in answers, answers


# Videos


@step
def creates_a_task_and_fetches_it():
    task = made()
    output = accepted(VideoSynthesis.fetch(task)).output
    same(output["task_id"], task.output["task_id"], "task_id")
    assert output["task_status"] in ("PENDING", "RUNNING"), output
    finish()


@step
def waits_for_a_video_and_downloads_it():
    task = made()
    control("clock", {"advanceMs": 58_000})  # a video takes 60 s: the SDK waits for the rest
    response = accepted(VideoSynthesis.wait(task))
    same(response.output["task_status"], "SUCCEEDED", "task_status")
    same(response.usage["video_duration"], 2, "video_duration")
    video = requests.get(response.output["video_url"], timeout=5)
    same((video.status_code, video.content[4:8]), (200, b"ftyp"), "the video")


@step
def creates_and_waits_in_one_call():
    let_pass(2)
    control("task-seconds", {"value": 1})
    response = accepted(
        VideoSynthesis.call(model="emoji-v1", task="image2video", extra_input=wish())
    )
    control("task-seconds", {"value": 60})
    same(response.output["task_status"], "SUCCEEDED", "task_status")


@step
def creates_a_task_from_an_upload():
    url, _ = OssUtils.upload("emoji-v1", FILES + "/ada.png", api_key=KEY)
    accepted(create(wish(url), headers=dict(RESOLVE)))
    finish()


@step
def reads_why_a_task_failed():
    control("fail-task", {"target": 1, "code": "InternalError.Algo", "message": "Inference error."})
    task = made()
    finish()
    output = accepted(VideoSynthesis.wait(task)).output
    same((output["task_status"], output["code"]), ("FAILED", "InternalError.Algo"), "the failure")


@step
def waits_on_through_a_status_of_503():
    task = made()
    order = {"match": {"operation": "query"}, "times": 2, "fault": {"kind": "status", "status": 503}}
    control("faults", order)
    finish()
    same(accepted(VideoSynthesis.wait(task)).output["task_status"], "SUCCEEDED", "task_status")


@step
def is_told_of_a_task_that_never_was():
    output = accepted(VideoSynthesis.wait("00000000-0000-4000-8000-000000000000")).output
    same(output["task_status"], "UNKNOWN", "task_status")


@step
def is_told_of_a_task_that_is_forgotten():
    task = made()
    finish()
    let_pass(24 * 3600)
    same(accepted(VideoSynthesis.fetch(task)).output["task_status"], "UNKNOWN", "task_status")


@step
def is_refused_an_unknown_template():
    response = create(wish(template="mengwan_gandong"))
    refused(response, 400, "InvalidParameter", "Driven not exist: driven_id.")


@step
def is_refused_a_synchronous_call():
    let_pass(2)
    response = BaseApi.call(
        "emoji-v1", wish(), task_group="aigc", task="image2video", function="video-synthesis"
    )
    refused(
        response, 403, "AccessDenied", "current user api does not support synchronous calls."
    )


@step
def is_refused_an_asynchronous_detection():
    let_pass(2)
    response = BaseAsyncApi.async_call(
        "emoji-detect-v1",
        {"image_url": PORTRAITS + "ada.png"},
        task_group="aigc",
        task="image2video",
        function="face-detect",
        ratio="1:1",
    )
    refused(
        response, 403, "AccessDenied", "Current user api does not support asynchronous calls."
    )


@step
def is_told_to_create_more_slowly():
    made()
    answers = [create(wait_for_limit=False).status_code for _ in range(2)]
    assert 429 in answers, answers
    finish()


# Canceling and listing


@step
def cancels_a_task_that_waits():
    made()
    waiting = made()
    accepted(VideoSynthesis.cancel(waiting))
    same(accepted(VideoSynthesis.wait(waiting)).output["task_status"], "CANCELED", "task_status")
    finish()


@step
def is_refused_to_cancel_a_task_that_runs():
    running = made()
    refused(VideoSynthesis.cancel(running), 400, "UnsupportedOperation")
    finish()


@step
def is_refused_to_cancel_a_task_that_has_ended():
    ended = made()
    finish()
    refused(VideoSynthesis.cancel(ended), 400, "UnsupportedOperation")


@step
def lists_tasks():
    ids = [made().output["task_id"] for _ in range(3)]
    output = accepted(VideoSynthesis.list(model_name="emoji-v1", page_size=2)).output
    same([row["task_id"] for row in output["data"]], ids[:0:-1], "the first page")
    second = accepted(VideoSynthesis.list(model_name="emoji-v1", page_no=2, page_size=2)).output
    same(second["data"][0]["task_id"], ids[0], "the second page")
    same((output["page_no"], output["page_size"]), (1, 2), "the page")
    finish()


@step
def lists_tasks_by_status():
    made()
    waiting = made()
    output = accepted(VideoSynthesis.list(status="PENDING")).output
    same([row["task_id"] for row in output["data"]], [waiting.output["task_id"]], "those waiting")
    finish()


@step
def is_refused_a_list_with_a_wrong_key():
    refused(VideoSynthesis.list(api_key=WRONG_KEY), 401, "InvalidApiKey")


# Without blocking, and with odd answers


@step
def does_the_same_without_blocking():
    async def together():
        task = await AioVideoSynthesis.async_call(
            model="emoji-v1", task="image2video", extra_input=wish()
        )
        accepted(task)
        finish()
        done = accepted(await AioVideoSynthesis.wait(task))
        same(done.output["task_status"], "SUCCEEDED", "task_status")
        refused(await AioVideoSynthesis.cancel(task), 400, "UnsupportedOperation")
        listed = accepted(await AioVideoSynthesis.list(model_name="emoji-v1"))
        assert listed.output["total"] > 0, listed
        await dashscope.close_shared_aio_session()

    let_pass(2)
    asyncio.run(together())


@step
def reads_odd_answers():
    for oddity in ("extras", "shortTimes", "texts", "fractions"):
        control("oddities", {"value": [oddity]})
        task = made()
        finish()
        output = accepted(VideoSynthesis.wait(task)).output
        same(output["task_status"], "SUCCEEDED", f"task_status, {oddity}")
        assert output["video_url"], oddity
    control("oddities", {"value": False})


def main():
    for function in STEPS:
        line = {"step": function.__name__.replace("_", " ")}
        try:
            function()
        except Exception as error:  # a step that fails is a line, not the end
            line["failed"] = f"{type(error).__name__}: {error}"
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    print(json.dumps({"sdk": dashscope.version.__version__, "python": sys.version.split()[0]}))
    main()
