// Enters a community package in n8n's database. Run by package.mts under the Node.js 24 that comes
// with the sandbox, because node:sqlite does not exist in Node.js 20:
//   node register-package.mjs <database.sqlite> <package as JSON>
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';

const [file, json] = process.argv.slice(2);
const installed = JSON.parse(json);

// n8n may be writing at the same time: wait for it rather than fail.
const database = new DatabaseSync(file, { timeout: 10_000 });
database.exec('PRAGMA foreign_keys = ON; BEGIN IMMEDIATE');
database.prepare('DELETE FROM installed_nodes WHERE package = ?').run(installed.name);
database
	.prepare(
		`INSERT INTO installed_packages (packageName, installedVersion, authorName, authorEmail)
		 VALUES (?, ?, ?, ?)
		 ON CONFLICT (packageName) DO UPDATE SET installedVersion = excluded.installedVersion,
		 authorName = excluded.authorName, authorEmail = excluded.authorEmail`,
	)
	.run(installed.name, installed.version, installed.authorName, installed.authorEmail);
const insertNode = database.prepare(
	'INSERT INTO installed_nodes (name, type, latestVersion, package) VALUES (?, ?, ?, ?)',
);
for (const node of installed.nodes) {
	insertNode.run(node.name, node.type, node.latestVersion, installed.name);
}
database.exec('COMMIT');
database.close();
