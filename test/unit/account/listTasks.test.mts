/** Listing an account's tasks: each task once, and no more pages than necessary. */
import { listAllTasks } from '../../../nodes/EmojiVideo/account/listTasks';
import type { Client } from '../../../nodes/EmojiVideo/dashscope/client';
import type { ListedTask } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { fail, succeed } from '../../../nodes/EmojiVideo/base/result';
import type { Failure } from '../../../nodes/EmojiVideo/base/result';

const task = (taskId: string) => ({ taskId, status: 'RUNNING' }) as ListedTask;

interface Page {
	ids: string[];
	pages?: number;
	rows?: number;
}

/** An account with these pages; all later pages are empty. */
function accountWith(pageOf: (page: number, pageSize: number) => Page | Failure) {
	const asked: string[] = [];
	const listTasks = async ({ page, pageSize }: Parameters<Client['listTasks']>[0]) => {
		asked.push(`${page}/${pageSize}`);
		const answer = pageOf(page, pageSize);
		if ('kind' in answer) return await Promise.resolve(fail(answer));
		const { ids, pages, rows = ids.length } = answer;
		const value = { tasks: ids.map(task), rows, pages };
		return await Promise.resolve(succeed({ value, raw: {} }));
	};
	const list = async (...args: [limit?: number, fits?: (task: ListedTask) => boolean]) => {
		const listed = await listAllTasks({ listTasks }, {}, ...args);
		return listed.ok ? listed.value.map(({ taskId }) => taskId).join(' ') : listed.failure;
	};
	return { asked, list };
}

const inTurn =
	(...pages: Page[]) =>
	(page: number): Page =>
		pages[page - 1] ?? { ids: [] };

it('a task that moved to the next page is listed once', async () => {
	const { list } = accountWith(inTurn({ ids: ['a', 'b'] }, { ids: ['b', 'c'] }));
	expect(await list()).toBe('a b c');
});

it.each([
	['the number of pages says so', inTurn({ ids: ['a'], pages: 2 }, { ids: ['b'], pages: 2 }), 2],
	['a page has no rows', inTurn({ ids: ['a'] }, { ids: ['b'] }), 3],
	[
		'a page has only unreadable rows and the next one is empty',
		inTurn({ ids: [], rows: 1 }, { ids: [] }),
		2,
	],
	['there is one page', inTurn({ ids: ['a'], pages: 1 }), 1],
])('a list ends where %s', async (_, pageOf, questions) => {
	const { asked, list } = accountWith(pageOf);
	await list();
	expect(asked).toHaveLength(questions);
});

it('a list ends after a thousand pages', async () => {
	const { asked, list } = accountWith((page) => ({ ids: [`t${page}`] }));
	await list();
	expect(asked.at(-1)).toBe('1000/100');
});

it('a list ends at its limit, even in the middle of a page', async () => {
	const { asked, list } = accountWith(
		inTurn({ ids: ['a', 'b'] }, { ids: ['c', 'd'] }, { ids: ['e'] }),
	);
	expect(await list(3)).toBe('a b c');
	expect(asked).toEqual(['1/3', '2/3']);
});

it('a list counts only matching tasks toward its limit', async () => {
	const { list } = accountWith(inTurn({ ids: ['a', 'b'] }, { ids: ['c', 'd'] }));
	expect(await list(2, ({ taskId }) => taskId !== 'a')).toBe('b c');
});

it('a list requests pages of at most a hundred tasks', async () => {
	const { asked, list } = accountWith(inTurn());
	await list();
	await list(101);
	await list(99);
	expect(asked).toEqual(['1/100', '1/100', '1/99']);
});

describe('a rejected page', () => {
	const refusal = (more: Partial<Failure> = {}): Failure => ({
		kind: 'rejected',
		message: 'm',
		nextStep: 'n',
		httpStatus: 400,
		...more,
	});

	it('that may be too large is requested again in smaller pages, down to ten', async () => {
		const { asked, list } = accountWith(() => refusal());
		expect(await list()).toEqual(refusal());
		expect(asked).toEqual(['1/100', '1/50', '1/25', '1/12', '1/10']);
	});

	it.each([refusal({ httpStatus: 404 }), refusal({ kind: 'unauthorized' })])(
		'with %j is not about the page size',
		async (failure) => {
			const { asked, list } = accountWith(() => failure);
			expect(await list()).toEqual(failure);
			expect(asked).toEqual(['1/100']);
		},
	);

	it('in the middle restarts the whole list', async () => {
		const { asked, list } = accountWith((page, size) =>
			page === 2 && size > 50 ? refusal() : { ids: [`${page}`], pages: 2 },
		);
		expect(await list()).toBe('1 2');
		expect(asked).toEqual(['1/100', '2/100', '1/50', '2/50']);
	});
});
