/**
 * Modules of Python's standard library, of 2.7 and of 3.8 to 3.14, by their first name and without the underscores that
 * some begin or end with. Source: `sys.stdlib_module_names`, and the module index of Python 2.7
 */
const NAMES = `
abc aifc aix_support android_support antigravity anydbm apple_support argparse array ast asynchat asyncio asyncore atexit audiodev
audioop Bastion BaseHTTPServer base64 bdb binascii binhex bisect blake2 bootlocale bootsubprocess bsddb builtin builtins
bz2 CGIHTTPServer Canvas ConfigParser Cookie cPickle cProfile cStringIO calendar cgi cgitb chunk cmath cmd code codecs
codecs_cn codecs_hk codecs_iso2022 codecs_jp codecs_kr codecs_tw codeop collections collections_abc colorsys commands
compat_pickle compileall compiler compression concurrent configparser contextlib contextvars cookielib copy copy_reg
copyreg crypt csv ctypes curses curses_panel DocXMLRPCServer dataclasses datetime dbhash dbm decimal difflib dircache dis
distutils dl doctest dumbdbm dummy_thread dummy_threading elementtree email encodings ensurepip enum errno
exceptions FixTk faulthandler fcntl filecmp fileinput fnmatch formatter fpectl fpformat fractions frozen_importlib
frozen_importlib_external ftplib functools future future_builtins gc gdbm genericpath getopt getpass gettext glob graphlib
grp gzip HTMLParser hashlib heapq hmac hotshot htmlentitydefs htmllib html http httplib idlelib ihooks imaplib imghdr imp
importlib imputil inspect interpchannels interpqueues interpreters io ios_support ipaddress itertools json keyword lib2to3
linecache linuxaudiodev locale logging lsprof lzma MimeWriter macpath macurl2path mailbox mailcap markupbase marshal math
md5 mhlib mimetools mimetypes mimify mmap modulefinder msi msilib msvcrt multibytecodec multifile multiprocessing mutex
netrc new nis nntplib nt ntpath nturl2path numbers opcode operator optparse os os2emxpath osx_support ossaudiodev
overlapped parser pathlib pdb pickle pickletools pipes pkgutil platform plistlib popen2 poplib posix posixfile posixpath
posixshmem posixsubprocess pprint profile pstats pty pwd py_abc py_compile py_warnings pyclbr pydatetime pydecimal pydoc
pydoc_data pyexpat pyio pylong pyrepl Queue queue quopri random re readline repr reprlib resource rexec rfc822 rlcompleter
robotparser runpy ScrolledText SimpleHTTPServer SimpleXMLRPCServer SocketServer StringIO sched scproxy secrets select
selectors sets sgmllib sha sha1 sha2 sha256 sha3 sha512 shelve shlex shutil signal site sitebuiltins smtpd smtplib sndhdr
socket socketserver spwd sqlite3 sre sre_compile sre_constants sre_parse ssl stat statistics statvfs string stringold
stringprep strop strptime struct subprocess sunau sunaudio suggestions symtable sys sysconfig syslog Tix Tkconstants Tkinter
tabnanny tarfile telnetlib tempfile termios testcapi textwrap this thread threading threading_local time timeit tkinter
tkColorChooser tkCommonDialog tkFileDialog tkFont tkMessageBox tkSimpleDialog toaiff token tokenize tomllib trace traceback
tracemalloc ttk tty turtle turtledemo types typing tzpath UserDict UserList UserString unicodedata unittest urllib urllib2
urlparse user uu uuid venv warnings wave weakref weakrefset webbrowser whichdb winapi winreg winsound wmi wsgiref xdrlib
xml xmllib xmlrpc xmlrpclib xxsubinterpreters zipapp zipfile zipimport zlib zoneinfo zstd`;

/** Names of modules of the standard library; see {@link isStandardModule}. */
const MODULES: ReadonlySet<string> = new Set(NAMES.trim().split(/\s+/));

/** Whether a name is that of a module of Python's standard library, or of the machinery behind one (`_posixsubprocess`). */
export function isStandardModule(name: string): boolean {
  return MODULES.has(name.replace(/^_{1,2}|_{1,2}$/g, ''));
}
