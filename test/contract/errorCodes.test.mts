/** The documented error codes: each has a next step and the right kind of retry. */
import { ERRORS } from '../../nodes/EmojiVideo/dashscope/errorCodes';
import { BY_STATUS } from '../../nodes/EmojiVideo/dashscope/errorStatuses';
import { meaningOf, failureOfResponse } from '../../nodes/EmojiVideo/dashscope/errors';
import type { FailureKind } from '../../nodes/EmojiVideo/base/result';
import { RETRIED } from '../../nodes/EmojiVideo/dashscope/retry';
import { afterColon } from '../../nodes/EmojiVideo/base/text';
import { documentedErrors } from './examples.mts';
import type { DocumentedError } from './examples.mts';

const retriedKinds: readonly FailureKind[] = RETRIED.read;

const failureOf = ({ httpStatus, code, message }: DocumentedError) =>
	failureOfResponse(httpStatus, { code, message, request_id: 'r' });

const named = (rows: DocumentedError[]) =>
	rows.map((row) => [`${row.httpStatus} ${row.code}`, row.message, row] as const);

const rows = (retry: DocumentedError['retry']) =>
	named(documentedErrors.filter((row) => row.retry === retry));

it.each(named(documentedErrors))('the error %s "%s" has a next step', (_, __, row) => {
	expect(failureOf(row).nextStep).toMatch(/^(The|[A-Z]).{20,}\.$/);
});

it.each(named(documentedErrors))(
	'the error %s "%s" has our message and keeps DashScope’s',
	(_, __, row) => {
		const failure = failureOf(row);
		expect(failure.message).toMatch(/^[A-Z][^.!"“]{10,80}[^.!?]$/);
		expect(failure.message).not.toContain(row.code);
		if (row.message) expect(failure.message).not.toContain(row.message);
		expect(failure).toMatchObject({ code: row.code, serviceMessage: row.message || undefined });
	},
);

it('each title can follow a colon', () => {
	for (const { code, title } of [
		...ERRORS,
		...BY_STATUS.map((row) => ({ ...row, code: row.from })),
	]) {
		const [first, ...rest] = afterColon(title);
		const isName = /^(DashScope|Model Studio)/.test(title);
		expect([code, isName || first === first?.toLowerCase(), rest.join('')]).toEqual([
			code,
			true,
			title.slice(1),
		]);
	}
});

it.each(rows('no'))('the error %s "%s" is not retried', (_, __, row) => {
	expect(retriedKinds).not.toContain(failureOf(row).kind);
});

it.each(rows('yes'))('the error %s "%s" is retried', (_, __, row) => {
	expect(retriedKinds).toContain(failureOf(row).kind);
});

it('a paid write is sent again only after throttling or if it was not sent', () => {
	expect(RETRIED.paidWrite).toEqual(['throttled', 'unreachable']);
	for (const row of documentedErrors) {
		const isRefusedForNow = row.httpStatus === 429 && row.retry !== 'no';
		if (row.retry === 'depends') continue;
		expect([row.code, row.message, RETRIED.paidWrite.includes(failureOf(row).kind)]).toEqual([
			row.code,
			row.message,
			isRefusedForNow,
		]);
	}
});

it.each([401, 403])('every documented HTTP %i concerns the key', (status) => {
	for (const row of documentedErrors.filter(({ httpStatus }) => httpStatus === status)) {
		expect([row.code, failureOf(row).kind]).toEqual([row.code, 'unauthorized']);
	}
});

it.each([
	['InvalidFile.FacePose', '', /upright/],
	['InvalidFile.MultiHuman', '', /one person/],
	['InvalidFile.Resolution', '', /400 and 7000/],
	['InvalidFile.Value', '', /brighter/],
	['InvalidFile.FullFace', '', /whole face/],
	['InvalidFile.SomethingNew', '', /one person/],
	['InvalidURL.Timeout', '', /download/],
	['InvalidParameter', 'Driven not exist: driven_id.', /template/],
	['InvalidParameter', 'Invalid ext_bbox.', /Detect/],
	[
		'InvalidParameter',
		'Unable to download the media resource during the data inspection process.',
		/public/,
	],
	['InvalidParameter', 'Failed to decode the image during the data inspection.', /JPEG/],
	['InvalidParameter', 'Field required: image_url', /fields/],
	['Throttling.RateQuota', '', /minute/],
	['Throttling.AllocationQuota', 'Free allocated quota exceeded.', /balance/],
	['InternalError.Algo', 'Inference error: Inference error.', /photo/],
	['InternalError.Timeout', '', /again/],
	['Model.AccessDenied', '', /workspace.*free quota.*region/],
	['AccessDenied', 'Access denied.', /workspace.*free quota.*region/],
	['Workspace.AccessDenied', 'Workspace access denied.', /Workspace ID/],
	['Endpoint.AccessDenied', 'Workspace endpoint access denied.', /Workspace ID.*offline/],
	['WorkSpaceNotFound', 'WorkSpace can not be found.', /Workspace ID/],
	['InvalidParameter', 'Model not exist.', /region.*endpoint.*activated/],
	['model_not_found', 'The model emoji-v1 does not exist.', /region.*endpoint.*activated/],
	['ModelNotFound', 'Model can not be found.', /region.*endpoint.*activated/],
	[
		'InvalidParameter.DataInspection',
		'Failed to find the requested media resource during the data inspection process.',
		/not at this address.*DashScopeUserBot/,
	],
	['BadRequest.InputDownloadFailed', 'Failed to download the input file: x.', /DashScopeUserBot/],
	[
		'invalid_parameter_error',
		'InternalError.Algo.InvalidParameter: The provided URL does not appear to be valid.',
		/DashScopeUserBot/,
	],
	['invalid_parameter_error', 'The prompt is too long.', /fields/],
	['isv.OUT_OF_SERVICE', '', /balance/],
	['Contain.Forbidden.Label.Error', '', /another photo/],
])('the error %s "%s" says what to change', (code, message, words) => {
	expect(meaningOf(code, message)?.nextStep).toMatch(words);
});

it.each([
	[404, 'InvalidParameter', 'Model not exist.'],
	[404, 'model_not_found', 'The model emoji-v1 does not exist.'],
	[404, 'WorkSpaceNotFound', 'WorkSpace can not be found.'],
	[400, 'isv.OUT_OF_SERVICE', ''],
	[403, 'Workspace.AccessDenied', 'Workspace access denied.'],
	[403, 'Endpoint.AccessDenied', 'Workspace endpoint access denied.'],
])('the error HTTP %i %s "%s" concerns the key', (status, code, message) => {
	expect(failureOfResponse(status, { code, message }).kind).toBe('unauthorized');
});

it('a code that only starts like a known one is unknown', () => {
	expect(meaningOf('ThrottlingAhead')).toBeUndefined();
	expect(meaningOf('InvalidFileSize')).toBeUndefined();
	expect(meaningOf()).toBeUndefined();
});
