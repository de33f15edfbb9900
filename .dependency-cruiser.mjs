const ENGINES = 'envoy|ztunnel|kernel'
const READS_FILES = 'cluster|snapshot'

/** The rooms of src and what each may know of the others. What no rule forbids is allowed. */
/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'flow-imports-nothing',
      comment: 'src/flow holds the words that everyone shares. A word that needed another room could not be used in that room.',
      severity: 'error',
      from: {path: '^src/flow/'},
      to: {pathNot: '^src/flow/'},
    },
    {
      name: 'json-imports-nothing',
      comment: 'src/json reads bytes. It knows nothing of proxies, so that every reader of JSON can build on it.',
      severity: 'error',
      from: {path: '^src/json/'},
      to: {pathNot: '^src/json/'},
    },
    {
      name: 'engines-are-pure-and-alone',
      comment:
        'An engine is one pure function over one proxy. It knows the words and the JSON, never another engine, the mesh or the outside.',
      severity: 'error',
      from: {path: `^src/(${ENGINES})/`},
      to: {path: '^src/', pathNot: ['^src/$1/', '^src/(flow|json)/']},
    },
    {
      name: 'engines-touch-no-system',
      comment:
        'The same dump gives the same hops on every machine: an engine reads no file, process, clock or network. node:net only tells an IP.',
      severity: 'error',
      from: {path: `^src/(${ENGINES}|mesh|audit|render)/`},
      to: {dependencyTypes: ['core'], pathNot: '^(node:)?(net|crypto|util|buffer)$'},
    },
    {
      name: 'mesh-sees-forwarders-and-configs',
      comment:
        'The tracer moves a connection between forwarders; how one proxy decides is not its business. It may read an engine’s config view.',
      severity: 'error',
      from: {path: '^src/mesh/'},
      to: {path: '^src/', pathNot: ['^src/(mesh|flow|json)/', `^src/(${ENGINES})/config(/|\\.ts$)`]},
    },
    {
      name: 'snapshot-stays-below',
      comment: 'A snapshot is what was recorded. It knows the words and the JSON; what the records mean is said by engines and mesh.',
      severity: 'error',
      from: {path: '^src/snapshot/'},
      to: {path: '^src/', pathNot: '^src/(snapshot|flow|json)/'},
    },
    {
      name: 'cluster-only-collects',
      comment: 'Talking to a cluster ends in a snapshot, and analysis starts from one: so live and offline give the same answer.',
      severity: 'error',
      from: {path: '^src/cluster/'},
      to: {path: '^src/', pathNot: '^src/(cluster|snapshot|flow|json)/'},
    },
    {
      name: 'audit-builds-on-mesh-and-below',
      comment: 'An audit is a function over traces and configs: it neither prints nor collects.',
      severity: 'error',
      from: {path: '^src/audit/'},
      to: {path: '^src/', pathNot: `^src/(audit|mesh|flow|json|${ENGINES})/`},
    },
    {
      name: 'render-takes-results',
      comment: 'A renderer is a pure function of a finished result. One that could ask an engine would start to compute.',
      severity: 'error',
      from: {path: '^src/render/'},
      to: {path: '^src/', pathNot: '^src/(render|flow)/', dependencyTypesNot: ['type-only']},
    },
    {
      name: 'app-neither-prints-nor-parses',
      comment: 'A use case takes data and returns data; flags and output belong to commands, so that tests and other programs can call it.',
      severity: 'error',
      from: {path: '^src/app/'},
      to: {path: '^src/(commands|hooks|render)/'},
    },
    {
      name: 'commands-only-connect',
      comment: 'A command is flags, one use case, one renderer, an exit code. What it would need of an engine belongs into src/app.',
      severity: 'error',
      from: {path: '^src/commands/'},
      to: {path: `^src/(${ENGINES}|mesh|audit|json)/`, dependencyTypesNot: ['type-only']},
    },
    {
      name: 'hooks-serve-the-process',
      comment:
        'Hooks run for every command, help included: they must not load more than the words and how to print them. The list of demos is loaded only when asked for.',
      severity: 'error',
      from: {path: '^src/hooks/'},
      to: {path: '^src/', pathNot: '^src/((hooks|flow|render)/|app/demos)'},
    },
    {
      name: 'only-cluster-and-snapshot-touch-files',
      comment: 'Files and processes are opened in two rooms, so that what a run can read or start is seen at one glance.',
      severity: 'error',
      from: {path: '^src/', pathNot: `^src/(${READS_FILES})/`},
      to: {path: ['^(node:)?(fs|fs/promises|child_process)$', '(^|/)node_modules/execa/']},
    },
    {
      name: 'only-commands-and-hooks-know-oclif',
      comment: 'The framework stays at the rim: everything below can be used, and tested, without it.',
      severity: 'error',
      from: {path: '^src/', pathNot: '^src/(commands|hooks)/'},
      to: {path: '(^|/)node_modules/@oclif/'},
    },
    {
      name: 'only-theme-knows-chalk',
      comment: 'chalk 5 ignores NO_COLOR. Colour is decided once, in theme.ts; whoever imported chalk would bypass that.',
      severity: 'error',
      from: {path: '^src/', pathNot: '^src/render/theme\\.ts$'},
      to: {path: '(^|/)node_modules/(chalk|ansi-styles|ansis)/'},
    },
    {
      name: 'src-knows-no-tests',
      comment: 'The product must not behave by what its tests hold.',
      severity: 'error',
      from: {path: '^(src|bin)/'},
      to: {path: '^(test|fixtures)/'},
    },
    {
      name: 'no-cycles',
      comment: 'Two modules that need each other are one module, or hide a third.',
      severity: 'error',
      from: {path: '^(src|test)/'},
      to: {circular: true},
    },
    {
      name: 'no-barrels',
      comment: 'A barrel hides who needs what, and loads everything for one name.',
      severity: 'error',
      from: {path: '^(src|test)/'},
      to: {path: '/index[.]ts$', pathNot: '^node_modules/'},
    },
    {
      name: 'only-declared-dependencies',
      comment: 'What users install is listed in dependencies; a development tool or a lucky hoist would be missing there.',
      severity: 'error',
      from: {path: '^(src|bin)/', pathNot: '^bin/dev\\.js$'},
      to: {dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only']},
    },
    {
      name: 'everything-resolves',
      comment: 'An import that cannot be resolved fails only when a user reaches it.',
      severity: 'error',
      from: {},
      to: {couldNotResolve: true},
    },
  ],
  options: {
    doNotFollow: {path: '^node_modules/'},
    exclude: {path: '^(dist|coverage|fixtures)/'},
    tsConfig: {fileName: 'tsconfig.json'},
    tsPreCompilationDeps: true,
    moduleSystems: ['es6'],
    enhancedResolveOptions: {exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types']},
    skipAnalysisNotInRules: true,
  },
}
