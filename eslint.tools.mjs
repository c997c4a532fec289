// The project's own rules for what n8n's lint does not match: sandbox, tests, scripts, benchmarks.
// What is shipped (credentials/, nodes/) is n8n's to judge: see eslint.config.mjs.
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
	globalIgnores(['dist/', '**/node_modules/', '.sandbox/', 'coverage/', '**/*.ts']),
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
