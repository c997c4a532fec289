/**
 * What must be true before a version is released: pure decisions over what `release.mts` has read.
 * Rule: a tag says exactly the version of package.json, and the changelog tells what is in it.
 */

/** What is known of the repository. */
export interface Release {
	/** `version` of package.json. */
	version: string;
	/** `version` of package-lock.json. */
	lockVersion: string;
	/** The whole CHANGELOG.md. */
	changelog: string;
	/** The tag that is being published (`v1.2.3`), or undefined before there is one. */
	tag: string | undefined;
	/** Tags that exist. */
	tags: string[];
	/** `git status --porcelain`: empty when nothing is uncommitted. */
	status: string;
}

/** Semantic versioning 2.0 without build metadata, which npm ignores (https://semver.org). */
const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;

/** The changelog's section of a version, without its heading; undefined when there is none. */
export function notesOf(changelog: string, version: string): string | undefined {
	const section = changelog
		.split(/^## /m)
		.slice(1)
		.find((text) => text.split(/\s/, 1)[0] === version);
	return section?.slice(section.indexOf('\n') + 1).trim() || undefined;
}

/** What stands against the release, as sentences that say what to do; empty when nothing does. */
export function objections(release: Release): string[] {
	const { version, lockVersion, changelog, tag, tags, status } = release;
	const found: string[] = [];
	if (!VERSION.test(version)) {
		found.push(`package.json has the version "${version}". Write it as 1.2.3 or 1.2.3-beta.1.`);
	}
	if (lockVersion !== version) {
		found.push(
			`package-lock.json says ${lockVersion}, package.json ${version}. Run "npm install --package-lock-only".`,
		);
	}
	if (notesOf(changelog, version) === undefined) {
		found.push(`CHANGELOG.md has nothing under "## ${version}". Write what changed.`);
	}
	if (status !== '') {
		found.push(`There are uncommitted changes. Commit them first:\n${status}`);
	}
	if (tag === undefined && tags.includes(`v${version}`)) {
		found.push(`v${version} is tagged already. Raise the version in package.json.`);
	}
	if (tag !== undefined && tag !== `v${version}`) {
		found.push(`The tag is ${tag}, but package.json says ${version}. Tag v${version} instead.`);
	}
	return found;
}
