/** Binary fields that a Code node built by hand, as n8n hands them to the node. */
import type { IBinaryData } from 'n8n-workflow';
import { findBinaryFault } from '../../../nodes/EmojiVideo/media/binaryFaults';
import { png } from '../../images.mts';

const BYTES = png(640, 480);
const BASE64 = BYTES.toString('base64');
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const find = (field: unknown) => findBinaryFault(field as IBinaryData);

it.each<[string, unknown, string]>([
	['is a Buffer', BYTES, 'is a Buffer'],
	['is a Buffer that was stored as JSON', asJson(BYTES), 'is a Buffer'],
	['is text', BASE64, 'is not a file'],
	['has no data', { mimeType: 'image/png' }, 'has no data'],
	['has null as data', { data: null }, 'has no data'],
	['has a Buffer as data', { data: BYTES }, 'has a Buffer as its data'],
	['has a stored Buffer as data', { data: asJson(BYTES) }, 'has a Buffer as its data'],
	['has bytes as data', { data: [...BYTES] }, 'has data that is not text'],
	['has a data: URI', { data: `data:image/png;base64,${BASE64}` }, 'has a data: URI as its data'],
	['has raw bytes as text', { data: BYTES.toString('latin1') }, 'has data that is not base64 text'],
	['has a URL', { data: 'https://a.example/a.png' }, 'has data that is not base64 text'],
	['names a storage without an id', { data: 'filesystem-v2' }, 'has lost its id'],
])('a field that %s is named as that', (_, field, found) => {
	expect(find(field)).toEqual({ found, nextStep: expect.stringMatching(/\.$/) as string });
});

it.each<[string, unknown]>([
	['base64 text', { data: BASE64 }],
	['base64 text in lines', { data: BASE64.replace(/.{76}/g, '$&\r\n') }],
	['no bytes', { data: '' }],
	['an id', { data: 'filesystem-v2', id: 'filesystem-v2:x' }],
])('a field with %s has no fault', (_, field) => {
	expect(find(field)).toBeUndefined();
});
