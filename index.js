/**
 * What `require('n8n-nodes-emoji-video')` gives. n8n itself does not use this file: it reads the
 * lists under "n8n" in package.json. The build copies it to dist/, beside the compiled folders.
 */
module.exports = {
	...require('./credentials/DashScopeApi.credentials.js'),
	...require('./nodes/EmojiVideo/EmojiVideo.node.js'),
	...require('./nodes/EmojiVideo/EmojiVideoTrigger.node.js'),
};
