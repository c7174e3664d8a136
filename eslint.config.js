import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const SOURCE = ['src/**/*.ts'];
const TESTS = ['tests/**/*.ts'];
const BENCHMARKS = ['bench/**/*.ts', 'tools/**/*.ts'];
const ADAPTERS = ['src/eventstore/**', 'src/readmodels/**', 'src/engine/{stream-queue,states}.ts'];
const PURE = ['src/domain/**/*.ts', 'src/commands/**/*.ts', 'src/projections/**/*.ts'];
/** The functions that run projections wait for the stores; what they run doesn't. */
const ENGINES = ['src/projections/projection.ts', 'src/projections/deriving.ts', 'src/projections/repair.ts'];

const forbid = (message, ...selectors) => selectors.map((selector) => ({ selector, message }));

const EVERYWHERE = [
  ...forbid('Only errors are classes: write a function or a type.', 'ClassDeclaration:not([superClass.name=/Error$/])'),
  ...forbid('Only errors are classes: write a function or a type.', 'ClassExpression'),
  ...forbid(
    'Name what is exported; there are no default exports.',
    'ExportDefaultDeclaration',
    'ExportSpecifier[exported.name="default"]',
  ),
  ...forbid(
    'An error that is caught is handled or thrown on, even where a comment says otherwise.',
    'CatchClause > BlockStatement[body.length=0]',
    'CallExpression[callee.property.name="catch"] > :function > BlockStatement[body.length=0]',
  ),
  ...forbid(
    'Say each property by itself: no misspelled one is found in a spread.',
    'ObjectExpression > SpreadElement > ObjectExpression',
    'ObjectExpression > SpreadElement > TSAsExpression > ObjectExpression',
  ),
  ...forbid(
    "Give immutable's collections a name of their own, as in PersistentMap: the built-in ones have theirs.",
    'ImportDeclaration[source.value="immutable"] > ImportSpecifier[local.name=/^(Map|Set|List|Record)$/]',
  ),
  ...forbid('Parse instead of casting through unknown.', 'TSAsExpression > TSAsExpression > TSUnknownKeyword'),
];

const NO_MODULE_STATE = forbid(
  'A module keeps no state: pass it in, or keep it in a closure.',
  'Program > VariableDeclaration[kind=/^(let|var)$/]',
  'Program > ExportNamedDeclaration > VariableDeclaration[kind=/^(let|var)$/]',
);

const NOT_PURE = [
  ...forbid(
    'This room is pure: the time is an input.',
    'NewExpression[callee.name="Date"][arguments.length=0]',
    'CallExpression[callee.name="Date"]',
  ),
  ...forbid(
    'This room is pure: it waits for nothing. What waits runs in one of the engines.',
    'AwaitExpression',
    ':function[async=true]',
    'ForOfStatement[await=true]',
    'ImportExpression',
  ),
];

const NOT_IN_TESTS = [
  ...forbid(
    'Use the real thing, or pass another one in: nothing of our own is mocked.',
    'CallExpression[callee.object.name="vi"][callee.property.name=/^(mock|doMock)$/]',
  ),
  ...forbid(
    'Every test runs.',
    'MemberExpression[object.name=/^(it|test|describe|suite)$/][property.name=/^(only|skip|todo|fails)$/]',
    'MemberExpression[object.object.name=/^(it|test|describe|suite)$/][property.name=/^(only|skip|todo|fails)$/]',
  ),
];

const ENV = { object: 'process', property: 'env', message: 'Only src/config/config.ts reads the environment.' };
const EXIT = { object: 'process', property: 'exit', message: 'Only src/main.ts ends the process.' };
const NOW = { object: 'Date', property: 'now', message: 'This room is pure: the time is an input.' };
const RANDOM = { object: 'Math', property: 'random', message: 'This room is pure: chance is an input.' };

const EFFECTS = ['process', 'crypto', 'performance', 'fetch', 'setTimeout', 'setInterval', 'setImmediate', 'console'];

export default defineConfig(
  { ignores: ['data/', 'coverage/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    rules: {
      eqeqeq: 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'anywhere' }],
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-syntax': ['error', ...EVERYWHERE],
    },
  },
  {
    files: SOURCE,
    rules: {
      'max-lines': ['error', { max: 220 }],
      'max-params': ['error', { max: 4 }],
      'no-console': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-restricted-syntax': ['error', ...EVERYWHERE, ...NO_MODULE_STATE],
      'no-restricted-properties': ['error', ENV, EXIT],
      'no-restricted-imports': [
        'error',
        { paths: ['node:process', 'process'].map((name) => ({ name, message: 'Use the global process.' })) },
      ],
    },
  },
  {
    files: SOURCE,
    ignores: ADAPTERS,
    rules: { '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }] },
  },
  {
    files: PURE,
    ignores: ENGINES,
    rules: {
      'no-restricted-syntax': ['error', ...EVERYWHERE, ...NO_MODULE_STATE, ...NOT_PURE],
      'no-restricted-properties': ['error', ENV, EXIT, NOW, RANDOM],
      'no-restricted-globals': [
        'error',
        {
          globals: EFFECTS.map((name) => ({ name, message: 'This room is pure: it takes values and returns values.' })),
          checkGlobalObject: true,
        },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'uuid', allowImportNames: ['v5', 'validate'], message: 'Only v5 is a function of its input.' },
            {
              name: 'node:url',
              allowImportNames: ['domainToASCII', 'domainToUnicode'],
              message: 'Only the names of domains are functions of their input.',
            },
          ],
          patterns: [{ regex: '^node:(?!url$)', message: 'This room is pure: it needs nothing of the machine.' }],
        },
      ],
    },
  },
  // What runs in web pages. Its types are checked by a test, with what browsers have.
  { files: ['src/api/sdk/*.js', 'src/api/pages/*.js'], rules: { 'no-undef': 'off' } },
  { files: ['src/config/config.ts'], rules: { 'no-restricted-properties': ['error', EXIT] } },
  {
    files: ['src/main.ts'],
    rules: { 'no-restricted-properties': ['error', ENV], 'no-console': 'off' },
  },
  {
    files: ['src/cli/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: TESTS,
    rules: {
      'no-restricted-syntax': ['error', ...EVERYWHERE, ...NOT_IN_TESTS],
      'no-restricted-properties': ['error', EXIT],
    },
  },
  {
    files: BENCHMARKS,
    rules: {
      'max-lines': ['error', { max: 220 }],
      'max-params': ['error', { max: 4 }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-restricted-syntax': ['error', ...EVERYWHERE, ...NO_MODULE_STATE],
    },
  },
  { files: ['*.config.*'], rules: { 'no-restricted-syntax': 'off' } },
);
