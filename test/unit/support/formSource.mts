/** An item's form as a test fills it in: what is not named is not set. */
import type { FormSource } from '../../../nodes/EmojiVideo/parameters/read';

/** Eight in the evening in Shanghai, where the form's times are. */
export const NOW = Date.UTC(2025, 9, 14, 12);

export const formOf = (
	fields: Record<string, unknown> = {},
	more: Partial<FormSource> = {},
): FormSource => ({
	get: (path) => fields[path],
	fileFields: [],
	timezone: 'Asia/Shanghai',
	allowLoopback: false,
	isTool: false,
	now: NOW,
	...more,
});

/** What the user reads where a field cannot be used. */
export const refusal = (message: string, nextStep: string) => ({
	ok: false,
	failure: { kind: 'invalid', message, nextStep },
});
