/** Where the checks come from. Rule: the same pages as in docs/service.md, "Sources". */

export interface Document {
	name: string;
	url: string;
}

const page = (name: string, url: string): Document => ({ name, url });

const help = 'https://help.aliyun.com/zh/model-studio';

export const documents = {
	detection: page('Emoji image detection', `${help}/emoji-detect-api`),
	emoji: page('Emoji video generation', `${help}/emoji-api`),
	errors: page('Error codes', `${help}/error-code`),
	limits: page('Rate limits', `${help}/rate-limit`),
	models: page('List models', `${help}/list-models`),
	quotas: page('List model quotas', `${help}/list-quotas`),
	limitUpdates: page('Update model rate limits', `${help}/update-model-rate-limits`),
	sister: page('Digital human wan2.2-s2v', `${help}/wan-s2v-api`),
	recorded: page('Recorded answers', 'https://github.com/cnblogs/dashscope-sdk'),
	tasks: page(
		'Managing asynchronous tasks',
		'https://www.alibabacloud.com/help/en/model-studio/manage-asynchronous-tasks',
	),
	uploads: page('Temporary storage', `${help}/get-temporary-file-url`),
} as const satisfies Record<string, Document>;
