/** Installs n8n for `npm start` and the end-to-end tests, without starting it. `.ci/run` does this beside other steps. */
import { ensureN8n } from './install.mts';

let lastStage = '';

await ensureN8n({
	onProgress: (message) => {
		const [stage = ''] = message.split(':');
		if (stage !== lastStage) console.log(stage);
		lastStage = stage;
	},
});
