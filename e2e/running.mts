/** What the global set-up started and the global tear-down stops. Both run in one process. */
import type { DashScopeMock } from '../sandbox/dashscope/index.mts';
import type { Sandbox } from '../sandbox/n8n/bring-up.mts';

export const running: { double?: DashScopeMock; sandbox?: Sandbox } = {};
