/**
 * The environment n8n runs in. The rule: a sandboxed n8n stays off the internet, asks nobody for a
 * licence, and takes no setting over from the machine (an N8N_ or DB_ variable of the user's own
 * n8n would make every machine's sandbox a different one).
 */
import path from 'node:path';

export interface EnvironmentOptions {
	nodePath: string;
	userFolder: string;
	port: number;
	/** n8n's task runner (for the Code node) talks to n8n through a port of its own. */
	brokerPort: number;
	/** The only folder that workflows may write to. */
	filesFolder: string;
	/** Settings that win over all others. */
	extra: Record<string, string>;
}

/** Variables of the caller's own tools and secrets, which n8n must not see. */
const NOT_PASSED_ON =
	/^(N8N_|DB_|QUEUE_|EXECUTIONS_|WEBHOOK_|DASHSCOPE_|NODE_OPTIONS$|NODE_PATH$|NODE_ENV$|JEST_|npm_)/;

const SETTINGS = {
	N8N_LISTEN_ADDRESS: '127.0.0.1',
	N8N_SECURE_COOKIE: 'false',
	N8N_UNVERIFIED_PACKAGES_ENABLED: 'true',
	N8N_VERIFIED_PACKAGES_ENABLED: 'false',
	N8N_DIAGNOSTICS_ENABLED: 'false',
	N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
	N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED: 'false',
	N8N_DYNAMIC_BANNERS_ENABLED: 'false',
	N8N_HIRING_BANNER_ENABLED: 'false',
	N8N_TEMPLATES_ENABLED: 'false',
	N8N_PERSONALIZATION_ENABLED: 'false',
	N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
	N8N_PYTHON_ENABLED: 'false',
	// The only module that n8n would still ask its makers' servers for at every start.
	N8N_DISABLED_MODULES: 'mcp-registry',
	// The list of community nodes runs "npm outdated": it must not wait for an unreachable registry.
	npm_config_fetch_retries: '0',
	npm_config_fetch_timeout: '5000',
};

/** All variables for one n8n process. */
export function n8nEnvironment(options: EnvironmentOptions): NodeJS.ProcessEnv {
	const inherited = Object.entries(process.env).filter(([name]) => !NOT_PASSED_ON.test(name));
	const env: NodeJS.ProcessEnv = Object.fromEntries(inherited);
	const pathName = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
	const local = 'localhost,127.0.0.1,::1';
	return {
		...env,
		[pathName]: [path.dirname(options.nodePath), env[pathName]].join(path.delimiter),
		NO_PROXY: [env.NO_PROXY ?? env.no_proxy, local].filter(Boolean).join(','),
		...SETTINGS,
		N8N_USER_FOLDER: options.userFolder,
		N8N_PORT: String(options.port),
		N8N_RUNNERS_BROKER_PORT: String(options.brokerPort),
		N8N_RESTRICT_FILE_ACCESS_TO: options.filesFolder,
		...options.extra,
	};
}
