import { readFileSync } from 'node:fs';
import { templateIds, templateSeconds, templateVideo } from '../../sandbox/dashscope/index.mts';
import { call, closeMocks, createTask, startMock, videoUrlOf } from './helpers.mts';
import { describeVideo, readBoxes } from './mp4.mts';

afterEach(closeMocks);

const hourMs = 60 * 60 * 1000;

describe('every template', () => {
	it('has a video of its own, 20 in all and less than a megabyte together', () => {
		const files = templateIds.map((id) => readFileSync(templateVideo(id)));
		expect(files).toHaveLength(20);
		expect(new Set(files.map((file) => file.toString('latin1'))).size).toBe(20);
		expect(files.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(1024 * 1024);
	});

	it.each([...templateSeconds])('has a video as documented: %s', (id, seconds) => {
		const video = describeVideo(readFileSync(templateVideo(id)));
		expect(video).toMatchObject({ codec: 'avc1', width: 512, height: 512, tracks: 1, seconds });
		expect(video.framesPerSecond).toBeCloseTo(15, 5);
		expect(video.boxes[0]).toBe('ftyp');
		expect(video.boxes.indexOf('moov')).toBeLessThan(video.boxes.indexOf('mdat'));
	});

	it.each(['jingdian_lei', 'dagong_weixiao'])('serves its video: %s', async (driven_id) => {
		const mock = await startMock({ taskSeconds: 0 });
		const id = await createTask(mock, { driven_id });
		const response = await fetch(await videoUrlOf(mock, id));
		const bytes = Buffer.from(await response.arrayBuffer());
		expect(bytes.equals(readFileSync(templateVideo(driven_id)))).toBe(true);
		expect(response.headers.get('content-type')).toBe('video/mp4');
		expect(response.headers.get('content-length')).toBe(String(bytes.length));
		expect(response.headers.get('etag')).toMatch(/^"[0-9A-F]{32}"$/);
		const { body } = await call(mock, `/api/v1/tasks/${id}`);
		expect(body.usage).toMatchObject({ video_duration: templateSeconds.get(driven_id) });
	});
});

describe('a link to a video', () => {
	/** Status, code and message of what a changed link gives. */
	async function follow(url: string) {
		const response = await fetch(url);
		const text = await response.text();
		return {
			status: response.status,
			type: response.headers.get('content-type') ?? '',
			code: /<Code>(.*)<\/Code>/.exec(text)?.[1],
			message: /<Message>(.*)<\/Message>/.exec(text)?.[1],
		};
	}

	it('works for 24 hours from the end of its task', async () => {
		const mock = await startMock();
		const id = await createTask(mock);
		mock.advanceClock(60_000);
		const url = await videoUrlOf(mock, id);
		mock.advanceClock(24 * hourMs - 1);
		expect((await fetch(url)).status).toBe(200);
		mock.advanceClock(1000);
		const denied = { status: 403, code: 'AccessDenied', message: 'Request has expired.' };
		const answer = await follow(url);
		expect(answer).toMatchObject(denied);
		expect(answer.type).toMatch(/^application\/xml/);
	});

	it('stays the same at every query', async () => {
		const mock = await startMock();
		const id = await createTask(mock);
		mock.advanceClock(60_000);
		const first = await videoUrlOf(mock, id);
		mock.advanceClock(hourMs);
		expect(await videoUrlOf(mock, id)).toBe(first);
	});

	it('does not work without or with another signature, or for another video', async () => {
		const mock = await startMock({ taskSeconds: 0 });
		const [one, two] = [await createTask(mock), await createTask(mock)];
		const url = await videoUrlOf(mock, one);
		const unsigned = url.split('?')[0] ?? '';
		expect(await follow(unsigned)).toMatchObject({ status: 403, code: 'AccessDenied' });
		const wrong = { status: 403, code: 'SignatureDoesNotMatch' };
		expect(await follow(url.replace(/Expires=\d+/, 'Expires=9999999999'))).toMatchObject(wrong);
		expect(await follow(url.replace(one, two))).toMatchObject(wrong);
	});

	it('shows in the counts if a client followed it with a key', async () => {
		const mock = await startMock({ taskSeconds: 0 });
		const url = await videoUrlOf(mock, await createTask(mock));
		await fetch(url);
		expect(mock.counts().authorizationSeenOnStorage).toBe(false);
		await fetch(url, { headers: { authorization: `Bearer ${mock.apiKey}` } });
		expect(mock.counts().authorizationSeenOnStorage).toBe(true);
	});

	it('has the address of the option storageUrl', async () => {
		const mock = await startMock({ taskSeconds: 0 });
		const other = await startMock({ taskSeconds: 0, storageUrl: 'http://storage.test:81' });
		const id = await createTask(other, { image_url: mock.portraitUrl('ada.png') });
		expect(await videoUrlOf(other, id)).toMatch(/^http:\/\/storage\.test:81\/results\//);
	});
});

describe('a part of a video', () => {
	const size = readFileSync(templateVideo('mengwa_kaixin')).length;

	it.each([
		['bytes=0-0', 0, 0],
		['bytes=100-199', 100, 199],
		[`bytes=${size - 10}-`, size - 10, size - 1],
		['bytes=-5', size - 5, size - 1],
		['bytes=10-99999999', 10, size - 1],
	])('%s', async (range, first, last) => {
		const mock = await startMock({ taskSeconds: 0 });
		const url = await videoUrlOf(mock, await createTask(mock));
		const response = await fetch(url, { headers: { range } });
		expect(response.status).toBe(206);
		expect(response.headers.get('content-range')).toBe(`bytes ${first}-${last}/${size}`);
		const part = Buffer.from(await response.arrayBuffer());
		const file = readFileSync(templateVideo('mengwa_kaixin'));
		expect(part.equals(file.subarray(first, last + 1))).toBe(true);
	});

	it('is refused beyond the end of the video', async () => {
		const mock = await startMock({ taskSeconds: 0 });
		const url = await videoUrlOf(mock, await createTask(mock));
		const response = await fetch(url, { headers: { range: `bytes=${size}-` } });
		expect(response.status).toBe(416);
		expect(response.headers.get('content-range')).toBe(`bytes */${size}`);
	});

	it('may be only the headers', async () => {
		const mock = await startMock({ taskSeconds: 0 });
		const url = await videoUrlOf(mock, await createTask(mock));
		const response = await fetch(url, { method: 'HEAD' });
		expect(response.headers.get('content-length')).toBe(String(size));
	});
});

describe('a padded video', () => {
	it('is a whole MP4 of exactly that size', async () => {
		const videoBytes = 3_000_001;
		const mock = await startMock({ taskSeconds: 0, videoBytes });
		const url = await videoUrlOf(mock, await createTask(mock));
		const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
		expect(bytes).toHaveLength(videoBytes);
		expect(readBoxes(bytes).at(-1)?.type).toBe('free');
		expect(describeVideo(bytes)).toMatchObject({ codec: 'avc1', width: 512 });
		const part = await fetch(url, { headers: { range: 'bytes=-3000000' } });
		expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(1))).toBe(true);
	});
});
