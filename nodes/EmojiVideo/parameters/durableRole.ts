/** The hidden field that makes the node a part of a durable wait; only durable/n8n/workflows.ts sets it. */
import type { INodeProperties } from 'n8n-workflow';
import { DURABLE_ROLES } from '../durable/n8n/workflows';
import type { DurableRole } from '../durable/n8n/workflows';
import { fieldOf } from './fields';
import type { Form } from './read';
import { choiceValue } from './schemas';
import { z } from 'zod';

/** Tells the layers of a durable wait apart; no user ever sees or sets it. */
export const durableRoleField = {
	displayName: 'Durable Role',
	name: 'durableRole',
	type: 'hidden',
	default: '',
} satisfies INodeProperties;

/** `undefined` for the user's own node. */
export const durableRoleForm: Form<DurableRole | undefined> = fieldOf(
	durableRoleField,
	z.union([
		z
			.literal('')
			.or(z.null())
			.transform(() => undefined),
		choiceValue(durableRoleField.displayName, DURABLE_ROLES),
	]),
);
