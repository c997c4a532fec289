/** The global set-up starts these and the global tear-down stops them. Both run in one process. */
import type { DashScopeMock } from '../sandbox/dashscope/index.mts';
import type { Sandbox } from '../sandbox/n8n/bring-up.mts';

export const running: { mock?: DashScopeMock; sandbox?: Sandbox } = {};
