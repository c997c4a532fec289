/** What the global set-up started and the global tear-down stops. Both run in one process. */
import type { DashScopeDouble } from '../sandbox/dashscope/index.mts';
import type { Sandbox } from '../sandbox/n8n/bring-up.mts';

export const running: { double?: DashScopeDouble; sandbox?: Sandbox } = {};
