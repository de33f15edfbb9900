import {globalIgnores} from 'eslint/config'
import tseslint from 'typescript-eslint'

/** Files where JSON comes in and a cast says what no compiler can know: path, and the reason. */
const CASTS = {}

const BUDGETS = {
  'max-lines': ['error', {max: 350, skipBlankLines: false, skipComments: false}],
  'max-lines-per-function': ['error', {max: 60, skipBlankLines: false, skipComments: false, IIFEs: true}],
  // An exhaustive switch over a union is one decision, which the compiler checks; what its cases decide counts.
  complexity: ['error', {max: 10, variant: 'modified'}],
  'max-params': 'off',
  '@typescript-eslint/max-params': ['error', {max: 2}],
  'max-depth': ['error', 3],
}

const CORE = {
  'array-callback-return': 'error',
  curly: ['error', 'multi-line'],
  eqeqeq: 'error',
  'no-cond-assign': ['error', 'always'],
  'no-constant-condition': 'error',
  'no-control-regex': 'error',
  'no-duplicate-imports': 'off',
  'no-else-return': 'error',
  'no-empty': 'error',
  'no-fallthrough': 'error',
  'no-irregular-whitespace': 'error',
  'no-misleading-character-class': 'error',
  'no-param-reassign': 'error',
  'no-prototype-builtins': 'error',
  'no-self-compare': 'error',
  'no-sparse-arrays': 'error',
  'no-template-curly-in-string': 'error',
  'no-unreachable-loop': 'error',
  'no-unsafe-finally': 'error',
  'no-useless-backreference': 'error',
  'no-useless-escape': 'error',
  'no-var': 'error',
  'object-shorthand': 'error',
  'prefer-const': 'error',
  'require-atomic-updates': 'off',
  'no-restricted-exports': [
    'error',
    {restrictDefaultExports: {direct: true, named: true, defaultFrom: true, namedFrom: true, namespaceFrom: true}},
  ],
}

const TYPED = {
  '@typescript-eslint/consistent-type-assertions': ['error', {assertionStyle: 'never'}],
  '@typescript-eslint/consistent-type-imports': ['error', {fixStyle: 'inline-type-imports'}],
  '@typescript-eslint/consistent-type-exports': 'error',
  '@typescript-eslint/no-confusing-void-expression': ['error', {ignoreArrowShorthand: true}],
  // `HopId | OutcomeId` says more than `string`.
  '@typescript-eslint/no-duplicate-type-constituents': 'off',
  '@typescript-eslint/no-redundant-type-constituents': 'off',
  '@typescript-eslint/restrict-template-expressions': ['error', {allowNumber: true}],
  // A `default` is a decision for the rest of a union; a switch without one names every member.
  '@typescript-eslint/switch-exhaustiveness-check': ['error', {considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true}],
  '@typescript-eslint/no-shadow': ['error', {hoist: 'never'}],
  '@typescript-eslint/prefer-readonly': 'error',
  '@typescript-eslint/strict-boolean-expressions': [
    'error',
    {allowString: false, allowNumber: true, allowNullableObject: true, allowNullableBoolean: true},
  ],
}

const DETERMINISM = {
  'no-restricted-syntax': [
    'error',
    {
      selector: 'CallExpression[callee.property.name="localeCompare"][arguments.length<2]',
      message: 'The order would depend on the machine: name a locale, or compare code units.',
    },
    {selector: 'TSEnumDeclaration', message: 'A union of literals says the same and needs no run time.'},
    {
      selector: [
        'NewExpression[callee.name="RegExp"] > :not(Literal, TemplateLiteral, TaggedTemplateExpression):nth-child(1)',
        'NewExpression[callee.name="RegExp"] TemplateLiteral > :not(TemplateElement, Identifier[name=/^[A-Z_]+$/])',
      ].join(', '),
      message: 'A pattern from data can hang the process: use re2js. Patterns made of constants are written as a template.',
    },
    {selector: 'NewExpression[callee.name="Function"], CallExpression[callee.name="eval"]', message: 'Nothing that was read is run.'},
    {selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'No wall clock: the same input gives the same output.'},
  ],
  'no-restricted-properties': [
    'error',
    {object: 'Date', property: 'now', message: 'No wall clock: the same input gives the same output.'},
    {object: 'Math', property: 'random', message: 'All branches with their shares, never one at random.'},
    {object: 'console', property: 'log', message: 'stdout carries the result only: see BaseCommand.print.'},
    {object: 'process', property: 'exit', message: 'Set process.exitCode; only the process-wide hook ends the process.'},
  ],
}

export default tseslint.config(
  globalIgnores(['dist/', 'coverage/', 'fixtures/', 'docs/']),
  {linterOptions: {noInlineConfig: true, reportUnusedDisableDirectives: 'error'}},
  {files: ['bin/*.js', '*.config.js', '.dependency-cruiser.mjs'], rules: {'no-var': 'error', 'prefer-const': 'error', eqeqeq: 'error'}},
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {parserOptions: {projectService: true, tsconfigRootDir: import.meta.dirname}},
    rules: {...CORE, ...TYPED, ...BUDGETS},
  },
  {files: ['src/**/*.ts'], rules: DETERMINISM},
  {files: ['src/hooks/process-end.ts'], rules: {'no-restricted-properties': 'off'}},
  // The cluster is the one place where time passes.
  {files: ['src/cluster/**/*.ts'], rules: {'no-restricted-syntax': 'off', 'no-restricted-properties': 'off'}},
  ...Object.keys(CASTS).map((file) => ({
    files: [file],
    rules: {'@typescript-eslint/consistent-type-assertions': ['error', {assertionStyle: 'as'}]},
  })),
  // A suite is one long function by nature; its files still have the budget of all files.
  {files: ['test/**/*.ts'], rules: {'max-lines-per-function': 'off', '@typescript-eslint/max-params': ['error', {max: 3}]}},
  {files: ['vitest.config.ts', 'vitest.mutation.config.ts', 'vitest.e2e.config.ts'], rules: {'no-restricted-exports': 'off'}},
)
