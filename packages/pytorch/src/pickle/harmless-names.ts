import { isStandardModule } from './standard-modules.js';

/**
 * Data types and pure functions of Python's standard library, by module: none of them can be made to run, read, write,
 * connect or look up anything, whatever they are called with.
 */
const HARMLESS: Readonly<Record<string, string>> = {
  _codecs: 'encode',
  _collections: 'OrderedDict defaultdict deque',
  _thread: 'LockType RLock',
  abc: 'ABC ABCMeta',
  argparse: 'Namespace',
  array: 'array _array_reconstructor',
  builtins: `ArithmeticError AssertionError AttributeError BaseException BlockingIOError BrokenPipeError BufferError
    ChildProcessError ConnectionError ConnectionAbortedError ConnectionRefusedError ConnectionResetError DeprecationWarning
    EOFError Ellipsis EnvironmentError Exception FileExistsError FileNotFoundError FloatingPointError FutureWarning
    GeneratorExit IOError ImportError ImportWarning IndentationError IndexError InterruptedError IsADirectoryError KeyError
    KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError NoneType NotADirectoryError NotImplemented
    NotImplementedError OSError OverflowError PendingDeprecationWarning PermissionError ProcessLookupError RecursionError
    ReferenceError ResourceWarning RuntimeError RuntimeWarning StandardError StopAsyncIteration StopIteration SyntaxError
    SyntaxWarning SystemError SystemExit TabError TimeoutError TypeError UnboundLocalError UnicodeDecodeError
    UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning ZeroDivisionError abs
    all any ascii basestring bin bool bytearray bytes callable chr cmp complex dict divmod ellipsis enumerate float format
    frozenset hash hex int isinstance issubclass iter len list long map max min next object oct ord pow property range
    repr reversed round set slice sorted staticmethod classmethod str sum super tuple type unichr unicode xrange zip`,
  calendar: 'Day Month',
  cmath: '*',
  collections: `ChainMap Counter OrderedDict UserDict UserList UserString defaultdict deque abc`,
  'collections.abc': '*',
  configparser: `BasicInterpolation ConfigParser ConverterMapping ExtendedInterpolation Interpolation LegacyInterpolation
    RawConfigParser SafeConfigParser SectionProxy`,
  contextlib: 'nullcontext suppress',
  copy: 'copy deepcopy',
  copyreg: '_reconstructor __newobj__ __newobj_ex__',
  dataclasses: '_HAS_DEFAULT_FACTORY_CLASS _MISSING_TYPE Field FrozenInstanceError InitVar KW_ONLY _FIELD_BASE MISSING',
  datetime: 'UTC date datetime datetime_CAPI time timedelta timezone tzinfo',
  decimal: `Clamped Context ConversionSyntax Decimal DecimalException DecimalTuple DivisionByZero FloatOperation Inexact
    InvalidOperation Overflow Rounded Subnormal Underflow`,
  'distutils.version': 'LooseVersion StrictVersion Version',
  enum: 'Enum EnumMeta EnumType Flag IntEnum IntFlag KEEP CONFORM EJECT STRICT FlagBoundary ReprEnum StrEnum auto',
  fractions: 'Fraction',
  functools: 'partial partialmethod lru_cache cached_property _lru_cache_wrapper total_ordering cmp_to_key',
  hashlib: 'blake2b blake2s md5 sha1 sha224 sha256 sha384 sha512 sha3_256 sha3_512',
  grp: 'struct_group',
  http: 'HTTPMethod HTTPStatus',
  'http.cookiejar': 'Cookie CookieJar DefaultCookiePolicy',
  inspect: 'Parameter Signature _ParameterKind _empty',
  io: 'BytesIO StringIO',
  ipaddress: `AddressValueError IPv4Address IPv4Interface IPv4Network IPv6Address IPv6Interface IPv6Network
    NetmaskValueError`,
  itertools: `accumulate batched chain combinations combinations_with_replacement compress count cycle dropwhile
    filterfalse groupby islice pairwise permutations product repeat starmap takewhile tee zip_longest`,
  json: 'JSONDecodeError',
  'json.decoder': 'JSONDecodeError',
  logging: 'DEBUG ERROR Formatter INFO Logger LoggerAdapter NullHandler RootLogger WARNING getLogger',
  math: '*',
  numbers: 'Complex Integral Number Rational Real',
  operator: `abs add and_ concat contains countOf eq floordiv ge gt iadd iand ifloordiv ilshift imatmul imod imul index inv
    invert ior ipow irshift is_ is_not isub itruediv ixor le length_hint lshift lt matmul mod mul ne neg not_ or_ pos pow
    rshift sub truediv truth xor indexOf itemgetter getitem`,
  os: 'sched_param stat_result statvfs_result terminal_size times_result uname_result waitid_result',
  pathlib: 'Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath _local',
  'pathlib._local': 'Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath',
  platform: 'uname_result',
  pwd: 'struct_passwd',
  random: `Random betavariate choice choices expovariate gammavariate gauss getrandbits getstate lognormvariate
    normalvariate paretovariate randint random randrange sample seed setstate shuffle triangular uniform vonmisesvariate
    weibullvariate`,
  re: 'Match Pattern RegexFlag _compile compile escape',
  resource: 'struct_rusage',
  signal: 'Handlers Sigmasks Signals',
  socket: 'AddressFamily SocketKind',
  sre_compile: 'compile',
  statistics: 'NormalDist fmean geometric_mean harmonic_mean mean median mode pstdev pvariance stdev variance',
  string: 'Template ascii_letters ascii_lowercase ascii_uppercase digits hexdigits punctuation whitespace',
  struct: 'Struct',
  sys: 'flags float_info hash_info int_info thread_info version_info',
  threading: 'Condition Event Lock RLock Semaphore local',
  time: 'asctime ctime gmtime localtime mktime monotonic perf_counter process_time strftime struct_time time time_ns',
  types: `BuiltinFunctionType BuiltinMethodType EllipsisType GeneratorType GenericAlias MappingProxyType NoneType
    NotImplementedType SimpleNamespace UnionType`,
  typing: `AbstractSet Any AnyStr Awaitable Callable ClassVar Collection Concatenate Container Counter DefaultDict Deque
    Dict Final FrozenSet Generator Generic Hashable Iterable Iterator List Literal LiteralString Mapping Match
    MutableMapping MutableSequence MutableSet NamedTuple Never NewType NoReturn NotRequired Optional OrderedDict ParamSpec
    Pattern Protocol Required Reversible Self Sequence Set Sized SupportsFloat SupportsInt Text Tuple Type TypeAlias
    TypeVar TypedDict Union Unpack _GenericAlias _LiteralGenericAlias _SpecialGenericAlias _UnionGenericAlias`,
  'urllib.parse': `DefragResult DefragResultBytes ParseResult ParseResultBytes SplitResult SplitResultBytes quote
    quote_plus unquote unquote_plus urlencode urljoin urlparse urlsplit`,
  uuid: 'SafeUUID UUID',
  weakref: 'ref WeakKeyDictionary WeakSet WeakValueDictionary',
  zoneinfo: 'ZoneInfo',
};

/** Names that Python has given to modules over time, and implementations behind them. */
const ALIASES: Readonly<Record<string, string>> = {
  ConfigParser: 'configparser',
  __builtin__: 'builtins',
  UserDict: 'collections',
  UserList: 'collections',
  UserString: 'collections',
  _decimal: 'decimal',
  _functools: 'functools',
  _io: 'io',
  _operator: 'operator',
  _pydatetime: 'datetime',
  _pydecimal: 'decimal',
  _random: 'random',
  _struct: 'struct',
  _weakref: 'weakref',
  cookielib: 'http.cookiejar',
  copy_reg: 'copyreg',
  exceptions: 'builtins',
  nt: 'os',
  posix: 'os',
  re_compile: 're',
  sre: 're',
  urlparse: 'urllib.parse',
};

const NAMES: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(HARMLESS).map(([module, names]) => [module, new Set(names.split(/\s+/))]),
);

/** Whether a name of a standard module is on the list of what can do no harm. */
export function isHarmless(module: string, name: string): boolean {
  const alias = Object.hasOwn(ALIASES, module) ? ALIASES[module] : undefined;
  const names = NAMES.get(alias ?? module);
  return names !== undefined && (names.has(name) || (names.has('*') && !isStandardModule(name)));
}
