/** The hidden field that makes a node a part of a durable wait. */
import { durableRoleForm } from '../../../nodes/EmojiVideo/parameters/durableRole';
import { formOf } from '../support/formSource.mts';

it.each([undefined, null, ''])("a node with %j in it is a user's", (durableRole) => {
	expect(durableRoleForm(formOf({ durableRole }))).toEqual({ ok: true, value: undefined });
});

it.each(['guard', 'supervisor', 'check', 'finalizer'])('a node may be a %s', (durableRole) => {
	expect(durableRoleForm(formOf({ durableRole }))).toEqual({ ok: true, value: durableRole });
});

it.each(['Guard', 'waiter', ' ', 0, false])('%j is no part of a wait', (durableRole) => {
	expect(durableRoleForm(formOf({ durableRole }))).toMatchObject({
		ok: false,
		failure: { kind: 'invalid' },
	});
});
