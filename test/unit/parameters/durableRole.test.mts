/** The hidden field that makes a node a part of a durable wait. */
import { durableRoleForm } from '../../../nodes/EmojiVideo/parameters/durableRole';
import { formOf } from '../support/formSource.mts';

it.each([undefined, null, ''])(
	"a node whose durable role is %j is the user's own",
	(durableRole) => {
		expect(durableRoleForm(formOf({ durableRole }))).toEqual({ ok: true, value: undefined });
	},
);

it.each(['guard', 'supervisor', 'check', 'finalizer'])(
	'a node may have the durable role %s',
	(durableRole) => {
		expect(durableRoleForm(formOf({ durableRole }))).toEqual({ ok: true, value: durableRole });
	},
);

it.each(['Guard', 'waiter', ' ', 0, false])('a node rejects the durable role %j', (durableRole) => {
	expect(durableRoleForm(formOf({ durableRole }))).toMatchObject({
		ok: false,
		failure: { kind: 'invalid' },
	});
});
