/** The drawn people: one for each series of templates, and two more for portraits. */
import type { Person } from './face.mts';

export const kid: Person = {
	skin: '#ffdcc2',
	shade: '#f2bd9b',
	hair: '#5a3825',
	hairstyle: 'tuft',
	shirt: '#ffb53f',
	collar: 'hood',
	background: ['#9ad9ef', '#e5f6d8'],
};

export const clerk: Person = {
	skin: '#f6cfa9',
	shade: '#dfa97c',
	hair: '#26242e',
	hairstyle: 'parted',
	shirt: '#3d5a80',
	collar: 'tie',
	background: ['#cfd8e6', '#f3efe6'],
};

export const ada: Person = {
	skin: '#fbd3b6',
	shade: '#e8ab88',
	hair: '#7a3b2a',
	hairstyle: 'bob',
	shirt: '#2a9d8f',
	collar: 'round',
	background: ['#ffd9c7', '#fff3df'],
};

export const ben: Person = {
	skin: '#b97a50',
	shade: '#9a5f3a',
	hair: '#1f1a1c',
	hairstyle: 'parted',
	shirt: '#e76f51',
	collar: 'hood',
	background: ['#bfe3d0', '#f1f7ea'],
};
