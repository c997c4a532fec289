/**
 * Removes the API key from responses. n8n shows and stores them, and some gateways echo headers. Rule: no code reads
 * a response before the key is removed.
 */
import { succeed } from '../base/result';
import type { Send } from './transport';

export const INSTEAD_OF_KEY = '[API key]';

/** Shorter texts are not keys, and match too much. */
const SHORTEST_KEY = 8;

const hex = (char: string, digits: number) => char.charCodeAt(0).toString(16).padStart(digits, '0');

/** A character, also as JSON or a URL escapes it. */
const inAnyForm = (char: string): string => {
	const literal = char.replace(/[^A-Za-z0-9]/, '\\$&');
	return `(?:\\\\?${literal}|\\\\u${hex(char, 4)}|%${hex(char, 2)})`;
};

/** @param key ASCII without spaces, validated by `accountOf` */
export function cutKey(key: string): (text: string) => string {
	if (key.length < SHORTEST_KEY) return (text) => text;
	const pattern = new RegExp([...key].map(inAnyForm).join(''), 'gi');
	return (text) => text.replace(pattern, INSTEAD_OF_KEY);
}

/** The same transport, whose responses and failures do not contain the key. */
export function withoutKey(send: Send, key: string): Send {
	const cut = cutKey(key);
	return async (request) => {
		const answer = await send(request);
		if (!answer.ok) {
			const { message, nextStep } = answer.failure;
			return {
				...answer,
				failure: { ...answer.failure, message: cut(message), nextStep: cut(nextStep) },
			};
		}
		return succeed({ ...answer.value, text: cut(answer.value.text) });
	};
}
