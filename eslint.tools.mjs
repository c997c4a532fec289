// The project's own rules for what n8n's lint does not match: sandbox, tests, scripts, benchmarks.
// What is shipped (credentials/, nodes/) is n8n's to judge, see eslint.config.mjs; here only its imports.
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import { zones } from './eslint.floors.mjs';

export default defineConfig(
	globalIgnores([
		'dist/',
		'**/node_modules/',
		'.sandbox/',
		'coverage/',
		'.stryker-tmp/',
		'reports/',
	]),
	{
		files: ['**/*.{mts,cts,mjs,cjs,js}'],
		extends: [js.configs.recommended, tseslint.configs.recommended],
	},
	{
		files: ['**/*.mts'],
		extends: [tseslint.configs.recommendedTypeChecked],
		languageOptions: { parserOptions: { project: './tsconfig.tools.json' } },
		rules: { 'no-undef': 'off' },
	},
	{
		files: ['nodes/**/*.ts', 'credentials/**/*.ts'],
		languageOptions: { parser: tseslint.parser },
		plugins: { 'import-x': importX },
		settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
		rules: {
			'import-x/no-restricted-paths': ['error', { zones }],
			'import-x/no-cycle': 'error',
			// One idea a file: what is longer than two screens has two (docs/architecture.md).
			'max-lines': ['error', 300],
			'max-lines-per-function': ['error', 60],
		},
	},
	{
		files: ['**/*.{js,cjs}'],
		languageOptions: {
			sourceType: 'commonjs',
			globals: {
				require: 'readonly',
				module: 'writable',
				process: 'readonly',
				__dirname: 'readonly',
			},
		},
		rules: { '@typescript-eslint/no-require-imports': 'off' },
	},
);
