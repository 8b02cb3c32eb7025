import { describe, expect, it } from 'vitest';
import {
  type Assembly,
  call,
  dict,
  global,
  join,
  list,
  none,
  op,
  pickle,
  pickle4,
  shortText,
  text,
  tuple,
} from '../../test-support/pickle-assembly.js';
import { pickleRefusal, readPickled, refusal, unpickled } from '../../test-support/small-checkpoint.js';
import { PyGlobal, PyObject } from '../pickle-value.js';
import { OPCODE } from './opcode.js';

const DANGEROUS = [
  'os.system',
  'posix.system',
  'nt.system',
  'os.execv',
  'builtins.eval',
  'builtins.exec',
  '__builtin__.eval',
  'builtins.__import__',
  'builtins.open',
  'builtins.compile',
  'subprocess.Popen',
  '_posixsubprocess.fork_exec',
  'commands.getoutput',
  'popen2.popen3',
  'runpy._run_code',
  'pickle.loads',
  '_pickle.loads',
  'cPickle.loads',
  'marshal.loads',
  'types.CodeType',
  'types.FunctionType',
  'importlib.import_module',
  'imp.load_source',
  'pty.spawn',
  'socket.create_connection',
  'urllib.request.urlopen',
  'urllib2.urlopen',
  'webbrowser.open',
  'ctypes.CDLL',
  'shutil.rmtree',
  'pathlib.os',
  'pathlib.Path.write_text',
  'antigravity.geohash',
  'idlelib.run.Executive',
  'tempfile.mkstemp',
  'code.interact',
  'timeit.timeit',
  'cProfile.run',
  'pdb.run',
  'bdb.Bdb',
  'doctest.debug_script',
  'asyncio.subprocess',
  'multiprocessing.Process',
  'threading.Thread',
  'signal.alarm',
  'sys.exit',
  'sys.modules',
  'operator.attrgetter',
  'operator.methodcaller',
  'functools.reduce',
  'logging.config.listen',
  'smtplib.SMTP',
  'ftplib.FTP',
  'sqlite3.connect',
  'zipimport.zipimporter',
  'test.support.script_helper',
  'torch.load',
  'torch.hub.load',
  'torch.jit.load',
  'torch.package.PackageImporter',
  'torch.serialization.load',
  'torch._inductor.codecache.compile_file',
  'torch._dynamo.guards.GuardBuilder',
  'torch.utils.cpp_extension.load',
  'torch.utils.collect_env.run',
  'torch.utils._config_module.load_config',
  'torch.utils.bottleneck.__main__.run_cprofile',
  'torch._utils._import_dotted_name',
  'numpy.load',
  'numpy.testing._private.utils.runstring',
  'numpy.f2py.crackfortran.myeval',
  'numpy.distutils.exec_command',
  'numpy.lib.npyio.load',
  'joblib.load',
  'dill.loads',
  'cloudpickle.loads',
  'pandas.read_pickle',
  'pip.main',
  'setuptools.setup',
  'pkg_resources.load_entry_point',
  'cffi.FFI',
  'IPython.start_ipython',
  'requests.get',
  'httpx.get',
  'aiohttp.client.ClientSession',
  'keras.models.load_model',
  'six.exec_',
  'six.moves.exec_',
  'six.moves.builtins.eval',
  'past.builtins.execfile',
  'future.builtins.exec',
  'vendor.six.moves.builtins.eval',
  'vendor.subprocess.Popen',
  'numpy.core.records.os',
  'psutil.Popen',
  'torch.fx.GraphModule',
  'torch.fx._lazy_graph_module.reduce_graph_module',
  'torch.fx.graph_module.reduce_graph_module',
];

/** Ways in which a pickle can name something and use it. */
const SPELLINGS: readonly (readonly [string, (module: string, name: string) => Uint8Array])[] = [
  ['GLOBAL and REDUCE', (module, name) => pickle(global(module, name), tuple(text('id')), op(OPCODE.REDUCE))],
  ['a bare GLOBAL', (module, name) => pickle(global(module, name))],
  ['NEWOBJ', (module, name) => pickle(global(module, name), tuple(), op(OPCODE.NEWOBJ))],
  ['NEWOBJ_EX', (module, name) => pickle4(global(module, name), tuple(), dict(), op(OPCODE.NEWOBJ_EX))],
  ['INST', (module, name) => join(op(OPCODE.MARK), instance(module, name), op(OPCODE.STOP))],
  ['OBJ', (module, name) => join(op(OPCODE.MARK), global(module, name), text('id'), op(OPCODE.OBJ), op(OPCODE.STOP))],
  [
    'STACK_GLOBAL of memoised texts',
    (module, name) =>
      pickle4(
        shortText(module),
        op(OPCODE.MEMOIZE),
        op(OPCODE.POP),
        op(OPCODE.BINGET, 0),
        shortText(name),
        op(OPCODE.STACK_GLOBAL),
      ),
  ],
  ['texts of protocol 0', (module, name) => pickle4(unicode(module), unicode(name), op(OPCODE.STACK_GLOBAL))],
  ['a dotted name', (module, name) => pickle4(...dotted(module, name), op(OPCODE.STACK_GLOBAL))],
  [
    'by way of another module',
    (module, name) => pickle4(text('trainer'), text(`${module}.${name}`), op(OPCODE.STACK_GLOBAL)),
  ],
  ['an argument of an object', (module, name) => pickle(call('trainer', 'Callback', global(module, name)))],
  ['getattr', (module, name) => pickle(chain(...(module.split('.') as [string]), name))],
];

function instance(module: string, name: string): Assembly {
  return join(op(OPCODE.INST), Buffer.from(`${module}\n${name}\n`));
}

function unicode(value: string): Assembly {
  return join(op(OPCODE.UNICODE), Buffer.from(`${value}\n`));
}

function dotted(module: string, name: string): Assembly[] {
  const [first = '', ...rest] = module.split('.');
  return [text(first), text([...rest, name].join('.'))];
}

function chain(first: string, ...rest: readonly string[]): Assembly {
  return rest.reduce(attribute, global('trainer', first));
}

function attribute(object: Assembly, name: string): Assembly {
  return call('__builtin__', 'getattr', object, text(name));
}

describe.each(SPELLINGS)('PICKLE_DANGEROUS by %s', (_spelling, spell) => {
  it('refuses all that is on the list', async () => {
    for (const path of DANGEROUS) {
      const dot = path.lastIndexOf('.');
      const code = await refusal(readPickled(spell(path.slice(0, dot), path.slice(dot + 1))));
      expect([path, code]).toEqual([path, 'PICKLE_DANGEROUS']);
    }
  });
});

describe('PICKLE_DANGEROUS', () => {
  it('names it and its place, cut and escaped', async () => {
    const found = dict(text('a'), dict(text('b'), global('os\u001b[2J', 'system')));
    expect(await pickleRefusal(found)).toBe('accepted');
    await expect(
      readPickled(pickle(dict(text('a'), dict(text('b'), global('os', `s\u001b${'x'.repeat(400)}`))))),
    ).rejects.toThrow(/^data\.pkl asks for "os\.s\\u001bx{110,120}…" at "a\.b" \(byte \d+\), which can do harm/);
  });

  it.each<[string, Assembly]>([
    ['of a value', attribute(text('x'), '__class__')],
    ['of another value', attribute(text('x'), 'format')],
    ['of a special name', attribute(global('trainer', 'Net'), '__globals__')],
    ['of a module by way of a class', attribute(attribute(global('trainer', 'Net'), 'os'), 'system')],
    ['without a name', call('builtins', 'getattr', global('trainer', 'Net'))],
    ['left as a value', list(global('builtins', 'getattr'))],
    ['given to something else', call('functools', 'partial', global('builtins', 'getattr'))],
    ['in a state', join(call('trainer', 'Net'), dict(text('f'), global('builtins', 'getattr')), op(OPCODE.BUILD))],
  ])('refuses getattr %s', async (_name, assembly) => {
    expect(await pickleRefusal(assembly)).toBe('PICKLE_DANGEROUS');
  });

  it('takes getattr for what stands in a class, and for a method', async () => {
    expect(await unpickled(attribute(global('trainer', 'Net'), 'Config'))).toEqual(new PyGlobal('trainer.Net.Config'));
    expect(await unpickled(attribute(call('trainer', 'Schedule'), 'anneal'))).toBeInstanceOf(PyObject);
  });

  it.each([
    ['functools', 'partial'],
    ['builtins', 'max'],
    ['math', 'sqrt'],
    ['random', 'Random'],
    ['_io', 'BytesIO'],
    ['configparser', 'ConfigParser'],
    ['signal', 'Signals'],
    ['torch.utils.data._utils.collate', 'default_collate'],
    ['logging', 'getLogger'],
    ['trainer.osx', 'Config'],
    ['trainer', 'test'],
    ['test', 'Net'],
    ['torch.optim.adam', 'Adam'],
    ['torch._C._nn', 'gelu'],
    ['torch.nn.modules.activation', 'ReLU'],
    ['collections.abc', 'Mapping'],
    ['ossystem', 'run'],
    ['posix', 'uname_result'],
    ['posix', 'times_result'],
    ['nt', 'times_result'],
    ['os', 'stat_result'],
    ['os', 'terminal_size'],
    ['platform', 'uname_result'],
    ['resource', 'struct_rusage'],
    ['sys', 'version_info'],
    ['distutils.version', 'LooseVersion'],
    ['http.cookiejar', 'CookieJar'],
    ['requests.structures', 'CaseInsensitiveDict'],
    ['psutil._common', 'snetio'],
    ['psutil._pslinux', 'svmem'],
    ['numpy.random._pickle', '__randomstate_ctor'],
    ['torch._dynamo.eval_frame', 'OptimizedModule'],
  ])('takes %s.%s for a name', async (module, name) => {
    expect(await unpickled(global(module, name))).toEqual(new PyGlobal(`${module}.${name}`));
  });

  it.each(['functools', '_functools', '__builtin__'])('takes %s.reduce for a union of types alone', async (module) => {
    const types = tuple(global('builtins', 'int'), call('builtins', 'type', none));
    const reduce = (operator: Assembly): Assembly => call(module, 'reduce', operator, types);
    expect(await unpickled(reduce(global('_operator', 'or_')))).toBeInstanceOf(PyObject);
    expect(await pickleRefusal(reduce(global('_operator', 'getitem')))).toBe('PICKLE_DANGEROUS');
    expect(await pickleRefusal(call(module, 'reduce', global('_operator', 'or_'), list()))).toBe('PICKLE_DANGEROUS');
    expect(await pickleRefusal(global(module, 'reduce'))).toBe('PICKLE_DANGEROUS');
  });

  it.each([
    ['math', 'sys'],
    ['collections', '_sys.exit'],
    ['torch', 'serialization.os.system'],
    ['random', '_os.system'],
    ['trainer', '__builtins__'],
    ['trainer', 'Net.__init__.__globals__'],
    ['datetime', 'sys.exit'],
  ])('refuses %s.%s', async (module, name) => {
    expect(await pickleRefusal(global(module, name))).toBe('PICKLE_DANGEROUS');
  });
});

it.each([
  ['torch.storage', '_load_from_bytes', 'pickle.dump'],
  ['torch.jit._pickle', 'restore_type_tag', 'pickle_save of C++'],
])('tells who wrote a file with %s.%s', async (module, name, writer) => {
  const read = readPickled(pickle(global(module, name)));
  await expect(read).rejects.toMatchObject({ code: 'NOT_A_CHECKPOINT', message: expect.stringContaining(writer) });
});
