import { describe, expect, it } from 'vitest';
import { call, dict, int, join, list, none, op, text, tuple } from '../../test-support/pickle-assembly.js';
import { readPickled, unpickled } from '../../test-support/small-checkpoint.js';
import {
  OrderedDict,
  type PickleValue,
  PyByteArray,
  PyComplex,
  PyCounter,
  PyDict,
  PyFloat,
  PyObject,
  PySet,
} from '../pickle-value.js';
import { OPCODE } from './opcode.js';

/** What Python 3.11, NumPy 2 and torch 2.13 make of values under protocols 0, 2 and 5, in Base64. */
const PICKLES: readonly (readonly [name: string, expected: PickleValue, pickles: readonly string[]])[] = [
  [
    'datetime(2025, 10, 6, 23, 56, 50)',
    '2025-10-06T23:56:50',
    [
      'Y2RhdGV0aW1lCmRhdGV0aW1lCnAwCihjX2NvZGVjcwplbmNvZGUKcDEKKFYH6Vx1MDAwYQYXODJcdTAwMDBcdTAwMDBcdTAwMDAKcDIKVmxhdGluMQpwMwp0cDQKUnA1CnRwNgpScDcKLg==',
      'gAJjZGF0ZXRpbWUKZGF0ZXRpbWUKcQBjX2NvZGVjcwplbmNvZGUKcQFYCwAAAAfDqQoGFzgyAAAAcQJYBgAAAGxhdGluMXEDhnEEUnEFhXEGUnEHLg==',
      'gAWVKgAAAAAAAACMCGRhdGV0aW1llIwIZGF0ZXRpbWWUk5RDCgfpCgYXODIAAACUhZRSlC4=',
    ],
  ],
  [
    'datetime with microseconds, in UTC',
    '2025-10-06T23:56:50.000120+00:00',
    [
      'Y2RhdGV0aW1lCmRhdGV0aW1lCnAwCihjX2NvZGVjcwplbmNvZGUKcDEKKFYH6Vx1MDAwYQYXODJcdTAwMDBcdTAwMDB4CnAyClZsYXRpbjEKcDMKdHA0ClJwNQpjZGF0ZXRpbWUKdGltZXpvbmUKcDYKKGNkYXRldGltZQp0aW1lZGVsdGEKcDcKKEkwCkkwCkkwCnRwOApScDkKdHAxMApScDExCnRwMTIKUnAxMwou',
      'gAJjZGF0ZXRpbWUKZGF0ZXRpbWUKcQBjX2NvZGVjcwplbmNvZGUKcQFYCwAAAAfDqQoGFzgyAAB4cQJYBgAAAGxhdGluMXEDhnEEUnEFY2RhdGV0aW1lCnRpbWV6b25lCnEGY2RhdGV0aW1lCnRpbWVkZWx0YQpxB0sASwBLAIdxCFJxCYVxClJxC4ZxDFJxDS4=',
      'gAWVVwAAAAAAAACMCGRhdGV0aW1llIwIZGF0ZXRpbWWUk5RDCgfpCgYXODIAAHiUaACMCHRpbWV6b25llJOUaACMCXRpbWVkZWx0YZSTlEsASwBLAIeUUpSFlFKUhpRSlC4=',
    ],
  ],
  [
    'datetime west of Greenwich, folded',
    '0001-01-02T03:04:05-03:30',
    [
      'Y2RhdGV0aW1lCmRhdGV0aW1lCnAwCihjX2NvZGVjcwplbmNvZGUKcDEKKFZcdTAwMDABAQIDBAVcdTAwMDBcdTAwMDBcdTAwMDAKcDIKVmxhdGluMQpwMwp0cDQKUnA1CmNkYXRldGltZQp0aW1lem9uZQpwNgooY2RhdGV0aW1lCnRpbWVkZWx0YQpwNwooSS0xCkk3MzgwMApJMAp0cDgKUnA5CnRwMTAKUnAxMQp0cDEyClJwMTMKLg==',
      'gAJjZGF0ZXRpbWUKZGF0ZXRpbWUKcQBjX2NvZGVjcwplbmNvZGUKcQFYCgAAAAABAQIDBAUAAABxAlgGAAAAbGF0aW4xcQOGcQRScQVjZGF0ZXRpbWUKdGltZXpvbmUKcQZjZGF0ZXRpbWUKdGltZWRlbHRhCnEHSv////9KSCABAEsAh3EIUnEJhXEKUnELhnEMUnENLg==',
      'gAWVXQAAAAAAAACMCGRhdGV0aW1llIwIZGF0ZXRpbWWUk5RDCgABgQIDBAUAAACUaACMCHRpbWV6b25llJOUaACMCXRpbWVkZWx0YZSTlEr/////SkggAQBLAIeUUpSFlFKUhpRSlC4=',
    ],
  ],
  [
    'datetime in a named zone',
    '2025-07-01T00:00:00[Europe/Berlin]',
    [
      'Y2RhdGV0aW1lCmRhdGV0aW1lCnAwCihjX2NvZGVjcwplbmNvZGUKcDEKKFYH6QcBXHUwMDAwXHUwMDAwXHUwMDAwXHUwMDAwXHUwMDAwXHUwMDAwCnAyClZsYXRpbjEKcDMKdHA0ClJwNQpjX19idWlsdGluX18KZ2V0YXR0cgpwNgooY3pvbmVpbmZvClpvbmVJbmZvCnA3ClZfdW5waWNrbGUKcDgKdHA5ClJwMTAKKFZFdXJvcGUvQmVybGluCnAxMQpJMQp0cDEyClJwMTMKdHAxNApScDE1Ci4=',
      'gAJjZGF0ZXRpbWUKZGF0ZXRpbWUKcQBjX2NvZGVjcwplbmNvZGUKcQFYCwAAAAfDqQcBAAAAAAAAcQJYBgAAAGxhdGluMXEDhnEEUnEFY19fYnVpbHRpbl9fCmdldGF0dHIKcQZjem9uZWluZm8KWm9uZUluZm8KcQdYCQAAAF91bnBpY2tsZXEIhnEJUnEKWA0AAABFdXJvcGUvQmVybGlucQtLAYZxDFJxDYZxDlJxDy4=',
      'gAWVfwAAAAAAAACMCGRhdGV0aW1llIwIZGF0ZXRpbWWUk5RDCgfpBwEAAAAAAACUjAhidWlsdGluc5SMB2dldGF0dHKUk5SMCHpvbmVpbmZvlIwIWm9uZUluZm+Uk5SMCV91bnBpY2tsZZSGlFKUjA1FdXJvcGUvQmVybGlulEsBhpRSlIaUUpQu',
    ],
  ],
  [
    'date',
    '2025-10-06',
    [
      'Y2RhdGV0aW1lCmRhdGUKcDAKKGNfY29kZWNzCmVuY29kZQpwMQooVgfpXHUwMDBhBgpwMgpWbGF0aW4xCnAzCnRwNApScDUKdHA2ClJwNwou',
      'gAJjZGF0ZXRpbWUKZGF0ZQpxAGNfY29kZWNzCmVuY29kZQpxAVgFAAAAB8OpCgZxAlgGAAAAbGF0aW4xcQOGcQRScQWFcQZScQcu',
      'gAWVIAAAAAAAAACMCGRhdGV0aW1llIwEZGF0ZZSTlEMEB+kKBpSFlFKULg==',
    ],
  ],
  [
    'time',
    '23:56:50.000005',
    [
      'Y2RhdGV0aW1lCnRpbWUKcDAKKGNfY29kZWNzCmVuY29kZQpwMQooVhc4Mlx1MDAwMFx1MDAwMAUKcDIKVmxhdGluMQpwMwp0cDQKUnA1CnRwNgpScDcKLg==',
      'gAJjZGF0ZXRpbWUKdGltZQpxAGNfY29kZWNzCmVuY29kZQpxAVgGAAAAFzgyAAAFcQJYBgAAAGxhdGluMXEDhnEEUnEFhXEGUnEHLg==',
      'gAWVIgAAAAAAAACMCGRhdGV0aW1llIwEdGltZZSTlEMGFzgyAAAFlIWUUpQu',
    ],
  ],
  [
    'timedelta',
    'P1DT3S',
    [
      'Y2RhdGV0aW1lCnRpbWVkZWx0YQpwMAooSTEKSTMKSTAKdHAxClJwMgou',
      'gAJjZGF0ZXRpbWUKdGltZWRlbHRhCnEASwFLA0sAh3EBUnECLg==',
      'gAWVJAAAAAAAAACMCGRhdGV0aW1llIwJdGltZWRlbHRhlJOUSwFLA0sAh5RSlC4=',
    ],
  ],
  [
    'negative timedelta',
    '-P0DT1.500000S',
    [
      'Y2RhdGV0aW1lCnRpbWVkZWx0YQpwMAooSS0xCkk4NjM5OApJNTAwMDAwCnRwMQpScDIKLg==',
      'gAJjZGF0ZXRpbWUKdGltZWRlbHRhCnEASv////9KflEBAEogoQcAh3EBUnECLg==',
      'gAWVLQAAAAAAAACMCGRhdGV0aW1llIwJdGltZWRlbHRhlJOUSv////9KflEBAEogoQcAh5RSlC4=',
    ],
  ],
  [
    'PosixPath',
    '/data/games/x.pgn',
    [
      'Y3BhdGhsaWIKUHVyZVBvc2l4UGF0aApwMAooVi8KcDEKVmRhdGEKcDIKVmdhbWVzCnAzClZ4LnBnbgpwNAp0cDUKUnA2Ci4=',
      'gAJjcGF0aGxpYgpQdXJlUG9zaXhQYXRoCnEAKFgBAAAAL3EBWAQAAABkYXRhcQJYBQAAAGdhbWVzcQNYBQAAAHgucGducQR0cQVScQYu',
      'gAWVPQAAAAAAAACMB3BhdGhsaWKUjA1QdXJlUG9zaXhQYXRolJOUKIwBL5SMBGRhdGGUjAVnYW1lc5SMBXgucGdulHSUUpQu',
    ],
  ],
  [
    'relative path',
    'data/games',
    [
      'Y3BhdGhsaWIKUHVyZVBvc2l4UGF0aApwMAooVmRhdGEKcDEKVmdhbWVzCnAyCnRwMwpScDQKLg==',
      'gAJjcGF0aGxpYgpQdXJlUG9zaXhQYXRoCnEAWAQAAABkYXRhcQFYBQAAAGdhbWVzcQKGcQNScQQu',
      'gAWVMAAAAAAAAACMB3BhdGhsaWKUjA1QdXJlUG9zaXhQYXRolJOUjARkYXRhlIwFZ2FtZXOUhpRSlC4=',
    ],
  ],
  [
    'empty path',
    '.',
    [
      'Y3BhdGhsaWIKUHVyZVBvc2l4UGF0aApwMAoodFJwMQou',
      'gAJjcGF0aGxpYgpQdXJlUG9zaXhQYXRoCnEAKVJxAS4=',
      'gAWVIAAAAAAAAACMB3BhdGhsaWKUjA1QdXJlUG9zaXhQYXRolJOUKVKULg==',
    ],
  ],
  [
    'WindowsPath',
    'C:\\data\\games',
    [
      'Y3BhdGhsaWIKUHVyZVdpbmRvd3NQYXRoCnAwCihWQzpcdTAwNWMKcDEKVmRhdGEKcDIKVmdhbWVzCnAzCnRwNApScDUKLg==',
      'gAJjcGF0aGxpYgpQdXJlV2luZG93c1BhdGgKcQBYAwAAAEM6XHEBWAQAAABkYXRhcQJYBQAAAGdhbWVzcQOHcQRScQUu',
      'gAWVOAAAAAAAAACMB3BhdGhsaWKUjA9QdXJlV2luZG93c1BhdGiUk5SMA0M6XJSMBGRhdGGUjAVnYW1lc5SHlFKULg==',
    ],
  ],
  [
    'UUID',
    '00000000-0000-0000-0000-000000000005',
    [
      'Y2NvcHlfcmVnCl9yZWNvbnN0cnVjdG9yCnAwCihjdXVpZApVVUlECnAxCmNfX2J1aWx0aW5fXwpvYmplY3QKcDIKTnRwMwpScDQKKGRwNQpWaW50CnA2Ckk1CnNiLg==',
      'gAJjdXVpZApVVUlECnEAKYFxAX1xAlgDAAAAaW50cQNLBXNiLg==',
      'gAWVIAAAAAAAAACMBHV1aWSUjARVVUlElJOUKYGUfZSMA2ludJRLBXNiLg==',
    ],
  ],
  [
    'Decimal',
    '0.0010',
    [
      'Y2RlY2ltYWwKRGVjaW1hbApwMAooVjAuMDAxMApwMQp0cDIKUnAzCi4=',
      'gAJjZGVjaW1hbApEZWNpbWFsCnEAWAYAAAAwLjAwMTBxAYVxAlJxAy4=',
      'gAWVJAAAAAAAAACMB2RlY2ltYWyUjAdEZWNpbWFslJOUjAYwLjAwMTCUhZRSlC4=',
    ],
  ],
  [
    'Fraction',
    '1/3',
    [
      'Y2ZyYWN0aW9ucwpGcmFjdGlvbgpwMAooSTEKSTMKdHAxClJwMgou',
      'gAJjZnJhY3Rpb25zCkZyYWN0aW9uCnEASwFLA4ZxAVJxAi4=',
      'gAWVIgAAAAAAAACMCWZyYWN0aW9uc5SMCEZyYWN0aW9ulJOUSwFLA4aUUpQu',
    ],
  ],
  [
    'address',
    '127.0.0.1',
    [
      'Y2lwYWRkcmVzcwpJUHY0QWRkcmVzcwpwMAooSTIxMzA3MDY0MzMKdHAxClJwMgou',
      'gAJjaXBhZGRyZXNzCklQdjRBZGRyZXNzCnEASgEAAH+FcQFScQIu',
      'gAWVJgAAAAAAAACMCWlwYWRkcmVzc5SMC0lQdjRBZGRyZXNzlJOUSgEAAH+FlFKULg==',
    ],
  ],
  [
    'range',
    [2, 5, 8],
    [
      'Y19fYnVpbHRpbl9fCnhyYW5nZQpwMAooSTIKSTkKSTMKdHAxClJwMgou',
      'gAJjX19idWlsdGluX18KeHJhbmdlCnEASwJLCUsDh3EBUnECLg==',
      'gAWVIAAAAAAAAACMCGJ1aWx0aW5zlIwFcmFuZ2WUk5RLAksJSwOHlFKULg==',
    ],
  ],
  [
    'TorchVersion',
    '2.13.0',
    [
      'Y2NvcHlfcmVnCl9yZWNvbnN0cnVjdG9yCnAwCihjdG9yY2gudG9yY2hfdmVyc2lvbgpUb3JjaFZlcnNpb24KcDEKY19fYnVpbHRpbl9fCnVuaWNvZGUKcDIKVjIuMTMuMApwMwp0cDQKUnA1Ci4=',
      'gAJjdG9yY2gudG9yY2hfdmVyc2lvbgpUb3JjaFZlcnNpb24KcQBYBgAAADIuMTMuMHEBhXECgXEDLg==',
      'gAWVNQAAAAAAAACME3RvcmNoLnRvcmNoX3ZlcnNpb26UjAxUb3JjaFZlcnNpb26Uk5SMBjIuMTMuMJSFlIGULg==',
    ],
  ],
  [
    'layout',
    'torch.strided',
    [
      'Y3RvcmNoLnNlcmlhbGl6YXRpb24KX2dldF9sYXlvdXQKcDAKKFZ0b3JjaC5zdHJpZGVkCnAxCnRwMgpScDMKLg==',
      'gAJjdG9yY2guc2VyaWFsaXphdGlvbgpfZ2V0X2xheW91dApxAFgNAAAAdG9yY2guc3RyaWRlZHEBhXECUnEDLg==',
      'gAWVOwAAAAAAAACME3RvcmNoLnNlcmlhbGl6YXRpb26UjAtfZ2V0X2xheW91dJSTlIwNdG9yY2guc3RyaWRlZJSFlFKULg==',
    ],
  ],
  [
    'frozenset',
    new PySet([1]),
    [
      'Y19fYnVpbHRpbl9fCmZyb3plbnNldApwMAooKGxwMQpJMQphdHAyClJwMwou',
      'gAJjX19idWlsdGluX18KZnJvemVuc2V0CnEAXXEBSwFhhXECUnEDLg==',
      'gAWVBgAAAAAAAAAoSwGRlC4=',
    ],
  ],
  [
    'set',
    new PySet([1]),
    [
      'Y19fYnVpbHRpbl9fCnNldApwMAooKGxwMQpJMQphdHAyClJwMwou',
      'gAJjX19idWlsdGluX18Kc2V0CnEAXXEBSwFhhXECUnEDLg==',
      'gAWVBwAAAAAAAACPlChLAZAu',
    ],
  ],
  [
    'defaultdict',
    new PyDict([['loss', 1]]),
    [
      'Y2NvbGxlY3Rpb25zCmRlZmF1bHRkaWN0CnAwCihjX19idWlsdGluX18KZmxvYXQKcDEKdHAyClJwMwpWbG9zcwpwNApJMQpzLg==',
      'gAJjY29sbGVjdGlvbnMKZGVmYXVsdGRpY3QKcQBjX19idWlsdGluX18KZmxvYXQKcQGFcQJScQNYBAAAAGxvc3NxBEsBcy4=',
      'gAWVQgAAAAAAAACMC2NvbGxlY3Rpb25zlIwLZGVmYXVsdGRpY3SUk5SMCGJ1aWx0aW5zlIwFZmxvYXSUk5SFlFKUjARsb3NzlEsBcy4=',
    ],
  ],
  [
    'OrderedDict',
    new OrderedDict([['a', 1]]),
    [
      'Y2NvbGxlY3Rpb25zCk9yZGVyZWREaWN0CnAwCih0UnAxClZhCnAyCkkxCnMu',
      'gAJjY29sbGVjdGlvbnMKT3JkZXJlZERpY3QKcQApUnEBWAEAAABhcQJLAXMu',
      'gAWVKQAAAAAAAACMC2NvbGxlY3Rpb25zlIwLT3JkZXJlZERpY3SUk5QpUpSMAWGUSwFzLg==',
    ],
  ],
  [
    'Counter',
    new PyCounter([['a', 2]]),
    [
      'Y2NvbGxlY3Rpb25zCkNvdW50ZXIKcDAKKChkcDEKVmEKcDIKSTIKc3RwMwpScDQKLg==',
      'gAJjY29sbGVjdGlvbnMKQ291bnRlcgpxAH1xAVgBAAAAYXECSwJzhXEDUnEELg==',
      'gAWVKAAAAAAAAACMC2NvbGxlY3Rpb25zlIwHQ291bnRlcpSTlH2UjAFhlEsCc4WUUpQu',
    ],
  ],
  [
    'deque',
    [1, 2],
    [
      'Y2NvbGxlY3Rpb25zCmRlcXVlCnAwCigodEk1CnRwMQpScDIKSTEKYUkyCmEu',
      'gAJjY29sbGVjdGlvbnMKZGVxdWUKcQApSwWGcQFScQIoSwFLAmUu',
      'gAWVJgAAAAAAAACMC2NvbGxlY3Rpb25zlIwFZGVxdWWUk5QpSwWGlFKUKEsBSwJlLg==',
    ],
  ],
  [
    'ChainMap',
    new PyDict([
      ['a', 1],
      ['b', 3],
    ]),
    [
      'Y2NvcHlfcmVnCl9yZWNvbnN0cnVjdG9yCnAwCihjY29sbGVjdGlvbnMKQ2hhaW5NYXAKcDEKY19fYnVpbHRpbl9fCm9iamVjdApwMgpOdHAzClJwNAooZHA1ClZtYXBzCnA2CihscDcKKGRwOApWYQpwOQpJMQpzYShkcDEwCmc5CkkyCnNWYgpwMTEKSTMKc2FzYi4=',
      'gAJjY29sbGVjdGlvbnMKQ2hhaW5NYXAKcQApgXEBfXECWAQAAABtYXBzcQNdcQQofXEFWAEAAABhcQZLAXN9cQcoaAZLAlgBAAAAYnEISwN1ZXNiLg==',
      'gAWVRQAAAAAAAACMC2NvbGxlY3Rpb25zlIwIQ2hhaW5NYXCUk5QpgZR9lIwEbWFwc5RdlCh9lIwBYZRLAXN9lChoCEsCjAFilEsDdWVzYi4=',
    ],
  ],
  [
    'UserDict',
    new PyDict([['a', 1]]),
    [
      'Y2NvcHlfcmVnCl9yZWNvbnN0cnVjdG9yCnAwCihjVXNlckRpY3QKSXRlcmFibGVVc2VyRGljdApwMQpjX19idWlsdGluX18Kb2JqZWN0CnAyCk50cDMKUnA0CihkcDUKVmRhdGEKcDYKKGRwNwpWYQpwOApJMQpzc2Iu',
      'gAJjVXNlckRpY3QKSXRlcmFibGVVc2VyRGljdApxACmBcQF9cQJYBAAAAGRhdGFxA31xBFgBAAAAYXEFSwFzc2Iu',
      'gAWVMwAAAAAAAACMC2NvbGxlY3Rpb25zlIwIVXNlckRpY3SUk5QpgZR9lIwEZGF0YZR9lIwBYZRLAXNzYi4=',
    ],
  ],
  [
    'UserList',
    [1],
    [
      'Y2NvcHlfcmVnCl9yZWNvbnN0cnVjdG9yCnAwCihjVXNlckxpc3QKVXNlckxpc3QKcDEKY19fYnVpbHRpbl9fCm9iamVjdApwMgpOdHAzClJwNAooZHA1ClZkYXRhCnA2CihscDcKSTEKYXNiLg==',
      'gAJjVXNlckxpc3QKVXNlckxpc3QKcQApgXEBfXECWAQAAABkYXRhcQNdcQRLAWFzYi4=',
      'gAWVLwAAAAAAAACMC2NvbGxlY3Rpb25zlIwIVXNlckxpc3SUk5QpgZR9lIwEZGF0YZRdlEsBYXNiLg==',
    ],
  ],
  [
    'SimpleNamespace',
    new PyDict([['lr', 1]]),
    [
      'Y3R5cGVzClNpbXBsZU5hbWVzcGFjZQpwMAoodFJwMQooZHAyClZscgpwMwpJMQpzYi4=',
      'gAJjdHlwZXMKU2ltcGxlTmFtZXNwYWNlCnEAKVJxAX1xAlgCAAAAbHJxA0sBc2Iu',
      'gAWVKwAAAAAAAACMBXR5cGVzlIwPU2ltcGxlTmFtZXNwYWNllJOUKVKUfZSMAmxylEsBc2Iu',
    ],
  ],
  [
    'Namespace',
    new PyDict([['lr', 1]]),
    [
      'Y2NvcHlfcmVnCl9yZWNvbnN0cnVjdG9yCnAwCihjYXJncGFyc2UKTmFtZXNwYWNlCnAxCmNfX2J1aWx0aW5fXwpvYmplY3QKcDIKTnRwMwpScDQKKGRwNQpWbHIKcDYKSTEKc2Iu',
      'gAJjYXJncGFyc2UKTmFtZXNwYWNlCnEAKYFxAX1xAlgCAAAAbHJxA0sBc2Iu',
      'gAWVKAAAAAAAAACMCGFyZ3BhcnNllIwJTmFtZXNwYWNllJOUKYGUfZSMAmxylEsBc2Iu',
    ],
  ],
  [
    'bytes',
    Uint8Array.of(0x61, 0xff),
    [
      'Y19jb2RlY3MKZW5jb2RlCnAwCihWYf8KcDEKVmxhdGluMQpwMgp0cDMKUnA0Ci4=',
      'gAJjX2NvZGVjcwplbmNvZGUKcQBYAwAAAGHDv3EBWAYAAABsYXRpbjFxAoZxA1JxBC4=',
      'gAWVBgAAAAAAAABDAmH/lC4=',
    ],
  ],
  [
    'empty bytes',
    Uint8Array.of(),
    ['Y19fYnVpbHRpbl9fCmJ5dGVzCnAwCih0UnAxCi4=', 'gAJjX19idWlsdGluX18KYnl0ZXMKcQApUnEBLg==', 'gAWVBAAAAAAAAABDAJQu'],
  ],
  [
    'bytearray',
    new PyByteArray(Uint8Array.of(0x61, 0xff)),
    [
      'Y19fYnVpbHRpbl9fCmJ5dGVhcnJheQpwMAooY19jb2RlY3MKZW5jb2RlCnAxCihWYf8KcDIKVmxhdGluMQpwMwp0cDQKUnA1CnRwNgpScDcKLg==',
      'gAJjX19idWlsdGluX18KYnl0ZWFycmF5CnEAY19jb2RlY3MKZW5jb2RlCnEBWAMAAABhw79xAlgGAAAAbGF0aW4xcQOGcQRScQWFcQZScQcu',
      'gAWVDQAAAAAAAACWAgAAAAAAAABh/5Qu',
    ],
  ],
  [
    'complex',
    new PyComplex(1, -2),
    [
      'Y19fYnVpbHRpbl9fCmNvbXBsZXgKcDAKKEYxLjAKRi0yLjAKdHAxClJwMgou',
      'gAJjX19idWlsdGluX18KY29tcGxleApxAEc/8AAAAAAAAEfAAAAAAAAAAIZxAVJxAi4=',
      'gAWVLgAAAAAAAACMCGJ1aWx0aW5zlIwHY29tcGxleJSTlEc/8AAAAAAAAEfAAAAAAAAAAIaUUpQu',
    ],
  ],
  ['surrogate', 'a\ud800b', ['VmFcdWQ4MDBiCnAwCi4=', 'gAJYBQAAAGHtoIBicQAu', 'gAWVCQAAAAAAAACMBWHtoIBilC4=']],
  [
    'large int',
    2n ** 70n,
    ['TDExODA1OTE2MjA3MTc0MTEzMDM0MjRMCi4=', 'gAKKCQAAAAAAAAAAQC4=', 'gAWVDAAAAAAAAACKCQAAAAAAAAAAQC4='],
  ],
  ['negative long', -(2 ** 31) - 1, ['TC0yMTQ3NDgzNjQ5TAou', 'gAKKBf///3//Lg==', 'gAWVCAAAAAAAAACKBf///3//Lg==']],
  [
    'infinity',
    new PyFloat(Number.NEGATIVE_INFINITY),
    ['Ri1pbmYKLg==', 'gAJH//AAAAAAAAAu', 'gAWVCgAAAAAAAABH//AAAAAAAAAu'],
  ],
  [
    'np.str_',
    'é𝄞',
    [
      'Y251bXB5Ll9jb3JlLm11bHRpYXJyYXkKc2NhbGFyCnAwCihjbnVtcHkKZHR5cGUKcDEKKFZVMgpwMgpJMDAKSTAxCnRwMwpScDQKKEkzClY8CnA1Ck5OTkk4Ckk0Ckk4CnRwNgpiY19jb2RlY3MKZW5jb2RlCnA3CihW6Vx1MDAwMFx1MDAwMFx1MDAwMB7RAVx1MDAwMApwOApWbGF0aW4xCnA5CnRwMTAKUnAxMQp0cDEyClJwMTMKLg==',
      'gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpzY2FsYXIKcQBjbnVtcHkKZHR5cGUKcQFYAgAAAFUycQKJiIdxA1JxBChLA1gBAAAAPHEFTk5OSwhLBEsIdHEGYmNfY29kZWNzCmVuY29kZQpxB1gKAAAAw6kAAAAew5EBAHEIWAYAAABsYXRpbjFxCYZxClJxC4ZxDFJxDS4=',
      'gAWVZAAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAZzY2FsYXKUk5SMBW51bXB5lIwFZHR5cGWUk5SMAlUylImIh5RSlChLA4wBPJROTk5LCEsESwh0lGJDCOkAAAAe0QEAlIaUUpQu',
    ],
  ],
  [
    'np.bytes_',
    Uint8Array.of(0x61, 0x62),
    [
      'Y251bXB5Ll9jb3JlLm11bHRpYXJyYXkKc2NhbGFyCnAwCihjbnVtcHkKZHR5cGUKcDEKKFZTMgpwMgpJMDAKSTAxCnRwMwpScDQKKEkzClZ8CnA1Ck5OTkkyCkkxCkkwCnRwNgpiY19jb2RlY3MKZW5jb2RlCnA3CihWYWIKcDgKVmxhdGluMQpwOQp0cDEwClJwMTEKdHAxMgpScDEzCi4=',
      'gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpzY2FsYXIKcQBjbnVtcHkKZHR5cGUKcQFYAgAAAFMycQKJiIdxA1JxBChLA1gBAAAAfHEFTk5OSwJLAUsAdHEGYmNfY29kZWNzCmVuY29kZQpxB1gCAAAAYWJxCFgGAAAAbGF0aW4xcQmGcQpScQuGcQxScQ0u',
      'gAWVXgAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAZzY2FsYXKUk5SMBW51bXB5lIwFZHR5cGWUk5SMAlMylImIh5RSlChLA4wBfJROTk5LAksBSwB0lGJDAmFilIaUUpQu',
    ],
  ],
  [
    'datetime64[s]',
    '2025-10-06T23:56:50',
    [
      'Y251bXB5Ll9jb3JlLm11bHRpYXJyYXkKc2NhbGFyCnAwCihjbnVtcHkKZHR5cGUKcDEKKFZNOApwMgpJMDAKSTAxCnRwMwpScDQKKEk0ClY8CnA1Ck5OTkktMQpJLTEKSTAKKE4oY19jb2RlY3MKZW5jb2RlCnA2CihWcwpwNwpWbGF0aW4xCnA4CnRwOQpScDEwCkkxCkkxCkkxCnRwMTEKdHAxMgp0cDEzCmJnNgooVkJX5GhcdTAwMDBcdTAwMDBcdTAwMDBcdTAwMDAKcDE0Cmc4CnRwMTUKUnAxNgp0cDE3ClJwMTgKLg==',
      'gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpzY2FsYXIKcQBjbnVtcHkKZHR5cGUKcQFYAgAAAE04cQKJiIdxA1JxBChLBFgBAAAAPHEFTk5OSv////9K/////0sATihjX2NvZGVjcwplbmNvZGUKcQZYAQAAAHNxB1gGAAAAbGF0aW4xcQiGcQlScQpLAUsBSwF0cQuGcQx0cQ1iaAZYCQAAAEJXw6RoAAAAAHEOaAiGcQ9ScRCGcRFScRIu',
      'gAWVegAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAZzY2FsYXKUk5SMBW51bXB5lIwFZHR5cGWUk5SMAk04lImIh5RSlChLBIwBPJROTk5K/////0r/////SwBOKEMBc5RLAUsBSwF0lIaUdJRiQwhCV+RoAAAAAJSGlFKULg==',
    ],
  ],
  [
    'datetime64[D]',
    '1969-12-31',
    [
      'Y251bXB5Ll9jb3JlLm11bHRpYXJyYXkKc2NhbGFyCnAwCihjbnVtcHkKZHR5cGUKcDEKKFZNOApwMgpJMDAKSTAxCnRwMwpScDQKKEk0ClY8CnA1Ck5OTkktMQpJLTEKSTAKKE4oY19jb2RlY3MKZW5jb2RlCnA2CihWRApwNwpWbGF0aW4xCnA4CnRwOQpScDEwCkkxCkkxCkkxCnRwMTEKdHAxMgp0cDEzCmJnNgooVv//////////CnAxNApnOAp0cDE1ClJwMTYKdHAxNwpScDE4Ci4=',
      'gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpzY2FsYXIKcQBjbnVtcHkKZHR5cGUKcQFYAgAAAE04cQKJiIdxA1JxBChLBFgBAAAAPHEFTk5OSv////9K/////0sATihjX2NvZGVjcwplbmNvZGUKcQZYAQAAAERxB1gGAAAAbGF0aW4xcQiGcQlScQpLAUsBSwF0cQuGcQx0cQ1iaAZYEAAAAMO/w7/Dv8O/w7/Dv8O/w79xDmgIhnEPUnEQhnERUnESLg==',
      'gAWVegAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAZzY2FsYXKUk5SMBW51bXB5lIwFZHR5cGWUk5SMAk04lImIh5RSlChLBIwBPJROTk5K/////0r/////SwBOKEMBRJRLAUsBSwF0lIaUdJRiQwj//////////5SGlFKULg==',
    ],
  ],
  [
    'datetime64[M]',
    '2025-10',
    [
      'Y251bXB5Ll9jb3JlLm11bHRpYXJyYXkKc2NhbGFyCnAwCihjbnVtcHkKZHR5cGUKcDEKKFZNOApwMgpJMDAKSTAxCnRwMwpScDQKKEk0ClY8CnA1Ck5OTkktMQpJLTEKSTAKKE4oY19jb2RlY3MKZW5jb2RlCnA2CihWTQpwNwpWbGF0aW4xCnA4CnRwOQpScDEwCkkxCkkxCkkxCnRwMTEKdHAxMgp0cDEzCmJnNgooVp0CXHUwMDAwXHUwMDAwXHUwMDAwXHUwMDAwXHUwMDAwXHUwMDAwCnAxNApnOAp0cDE1ClJwMTYKdHAxNwpScDE4Ci4=',
      'gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpzY2FsYXIKcQBjbnVtcHkKZHR5cGUKcQFYAgAAAE04cQKJiIdxA1JxBChLBFgBAAAAPHEFTk5OSv////9K/////0sATihjX2NvZGVjcwplbmNvZGUKcQZYAQAAAE1xB1gGAAAAbGF0aW4xcQiGcQlScQpLAUsBSwF0cQuGcQx0cQ1iaAZYCQAAAMKdAgAAAAAAAHEOaAiGcQ9ScRCGcRFScRIu',
      'gAWVegAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAZzY2FsYXKUk5SMBW51bXB5lIwFZHR5cGWUk5SMAk04lImIh5RSlChLBIwBPJROTk5K/////0r/////SwBOKEMBTZRLAUsBSwF0lIaUdJRiQwidAgAAAAAAAJSGlFKULg==',
    ],
  ],
  [
    'datetime64[us]',
    '1969-12-31T23:59:59.000001',
    [
      'Y251bXB5Ll9jb3JlLm11bHRpYXJyYXkKc2NhbGFyCnAwCihjbnVtcHkKZHR5cGUKcDEKKFZNOApwMgpJMDAKSTAxCnRwMwpScDQKKEk0ClY8CnA1Ck5OTkktMQpJLTEKSTAKKE4oY19jb2RlY3MKZW5jb2RlCnA2CihWdXMKcDcKVmxhdGluMQpwOAp0cDkKUnAxMApJMQpJMQpJMQp0cDExCnRwMTIKdHAxMwpiZzYKKFbBvfD//////wpwMTQKZzgKdHAxNQpScDE2CnRwMTcKUnAxOAou',
      'gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpzY2FsYXIKcQBjbnVtcHkKZHR5cGUKcQFYAgAAAE04cQKJiIdxA1JxBChLBFgBAAAAPHEFTk5OSv////9K/////0sATihjX2NvZGVjcwplbmNvZGUKcQZYAgAAAHVzcQdYBgAAAGxhdGluMXEIhnEJUnEKSwFLAUsBdHELhnEMdHENYmgGWBAAAADDgcK9w7DDv8O/w7/Dv8O/cQ5oCIZxD1JxEIZxEVJxEi4=',
      'gAWVewAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAZzY2FsYXKUk5SMBW51bXB5lIwFZHR5cGWUk5SMAk04lImIh5RSlChLBIwBPJROTk5K/////0r/////SwBOKEMCdXOUSwFLAUsBdJSGlHSUYkMIwb3w//////+UhpRSlC4=',
    ],
  ],
  [
    'datetime64[NaT]',
    'NaT',
    [
      'Y251bXB5Ll9jb3JlLm11bHRpYXJyYXkKc2NhbGFyCnAwCihjbnVtcHkKZHR5cGUKcDEKKFZNOApwMgpJMDAKSTAxCnRwMwpScDQKKEk0ClY8CnA1Ck5OTkktMQpJLTEKSTAKKE4oY19jb2RlY3MKZW5jb2RlCnA2CihWcwpwNwpWbGF0aW4xCnA4CnRwOQpScDEwCkkxCkkxCkkxCnRwMTEKdHAxMgp0cDEzCmJnNgooVlx1MDAwMFx1MDAwMFx1MDAwMFx1MDAwMFx1MDAwMFx1MDAwMFx1MDAwMIAKcDE0Cmc4CnRwMTUKUnAxNgp0cDE3ClJwMTgKLg==',
      'gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpzY2FsYXIKcQBjbnVtcHkKZHR5cGUKcQFYAgAAAE04cQKJiIdxA1JxBChLBFgBAAAAPHEFTk5OSv////9K/////0sATihjX2NvZGVjcwplbmNvZGUKcQZYAQAAAHNxB1gGAAAAbGF0aW4xcQiGcQlScQpLAUsBSwF0cQuGcQx0cQ1iaAZYCQAAAAAAAAAAAADCgHEOaAiGcQ9ScRCGcRFScRIu',
      'gAWVegAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAZzY2FsYXKUk5SMBW51bXB5lIwFZHR5cGWUk5SMAk04lImIh5RSlChLBIwBPJROTk5K/////0r/////SwBOKEMBc5RLAUsBSwF0lIaUdJRiQwgAAAAAAAAAgJSGlFKULg==',
    ],
  ],
  [
    'timedelta64',
    '5 seconds',
    [
      'Y251bXB5Ll9jb3JlLm11bHRpYXJyYXkKc2NhbGFyCnAwCihjbnVtcHkKZHR5cGUKcDEKKFZtOApwMgpJMDAKSTAxCnRwMwpScDQKKEk0ClY8CnA1Ck5OTkktMQpJLTEKSTAKKE4oY19jb2RlY3MKZW5jb2RlCnA2CihWcwpwNwpWbGF0aW4xCnA4CnRwOQpScDEwCkkxCkkxCkkxCnRwMTEKdHAxMgp0cDEzCmJnNgooVgVcdTAwMDBcdTAwMDBcdTAwMDBcdTAwMDBcdTAwMDBcdTAwMDBcdTAwMDAKcDE0Cmc4CnRwMTUKUnAxNgp0cDE3ClJwMTgKLg==',
      'gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpzY2FsYXIKcQBjbnVtcHkKZHR5cGUKcQFYAgAAAG04cQKJiIdxA1JxBChLBFgBAAAAPHEFTk5OSv////9K/////0sATihjX2NvZGVjcwplbmNvZGUKcQZYAQAAAHNxB1gGAAAAbGF0aW4xcQiGcQlScQpLAUsBSwF0cQuGcQx0cQ1iaAZYCAAAAAUAAAAAAAAAcQ5oCIZxD1JxEIZxEVJxEi4=',
      'gAWVegAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAZzY2FsYXKUk5SMBW51bXB5lIwFZHR5cGWUk5SMAm04lImIh5RSlChLBIwBPJROTk5K/////0r/////SwBOKEMBc5RLAUsBSwF0lIaUdJRiQwgFAAAAAAAAAJSGlFKULg==',
    ],
  ],
  [
    'array of objects',
    [
      [1, 'a'],
      [null, 2],
    ],
    [
      'Y251bXB5Ll9jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0CnAwCihjbnVtcHkKbmRhcnJheQpwMQooSTAKdHAyCmNfY29kZWNzCmVuY29kZQpwMwooVmIKcDQKVmxhdGluMQpwNQp0cDYKUnA3CnRwOApScDkKKEkxCihJMgpJMgp0cDEwCmNudW1weQpkdHlwZQpwMTEKKFZPOApwMTIKSTAwCkkwMQp0cDEzClJwMTQKKEkzClZ8CnAxNQpOTk5JLTEKSS0xCkk2Mwp0cDE2CmJJMDAKKGxwMTcKSTEKYVZhCnAxOAphTmFJMgphdHAxOQpiLg==',
      'gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQBjbnVtcHkKbmRhcnJheQpxAUsAhXECY19jb2RlY3MKZW5jb2RlCnEDWAEAAABicQRYBgAAAGxhdGluMXEFhnEGUnEHh3EIUnEJKEsBSwJLAoZxCmNudW1weQpkdHlwZQpxC1gCAAAATzhxDImIh3ENUnEOKEsDWAEAAAB8cQ9OTk5K/////0r/////Sz90cRBiiV1xEShLAVgBAAAAYXESTksCZXRxE2Iu',
      'gAWVlQAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChLAUsCSwKGlGgDjAVkdHlwZZSTlIwCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYoldlChLAYwBYZROSwJldJRiLg==',
    ],
  ],
  [
    'array of objects, columns first',
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    [
      'Y251bXB5Ll9jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0CnAwCihjbnVtcHkKbmRhcnJheQpwMQooSTAKdHAyCmNfY29kZWNzCmVuY29kZQpwMwooVmIKcDQKVmxhdGluMQpwNQp0cDYKUnA3CnRwOApScDkKKEkxCihJMgpJMwp0cDEwCmNudW1weQpkdHlwZQpwMTEKKFZPOApwMTIKSTAwCkkwMQp0cDEzClJwMTQKKEkzClZ8CnAxNQpOTk5JLTEKSS0xCkk2Mwp0cDE2CmJJMDEKKGxwMTcKSTEKYUkyCmFJMwphSTQKYUk1CmFJNgphdHAxOApiLg==',
      'gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQBjbnVtcHkKbmRhcnJheQpxAUsAhXECY19jb2RlY3MKZW5jb2RlCnEDWAEAAABicQRYBgAAAGxhdGluMXEFhnEGUnEHh3EIUnEJKEsBSwJLA4ZxCmNudW1weQpkdHlwZQpxC1gCAAAATzhxDImIh3ENUnEOKEsDWAEAAAB8cQ9OTk5K/////0r/////Sz90cRBiiF1xEShLAUsCSwNLBEsFSwZldHESYi4=',
      'gAWVmAAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChLAUsCSwOGlGgDjAVkdHlwZZSTlIwCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYohdlChLAUsCSwNLBEsFSwZldJRiLg==',
    ],
  ],
  [
    'array of text',
    ['ab', 'c'],
    [
      'Y251bXB5Ll9jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0CnAwCihjbnVtcHkKbmRhcnJheQpwMQooSTAKdHAyCmNfY29kZWNzCmVuY29kZQpwMwooVmIKcDQKVmxhdGluMQpwNQp0cDYKUnA3CnRwOApScDkKKEkxCihJMgp0cDEwCmNudW1weQpkdHlwZQpwMTEKKFZVMgpwMTIKSTAwCkkwMQp0cDEzClJwMTQKKEkzClY8CnAxNQpOTk5JOApJNApJOAp0cDE2CmJJMDAKZzMKKFZhXHUwMDAwXHUwMDAwXHUwMDAwYlx1MDAwMFx1MDAwMFx1MDAwMGNcdTAwMDBcdTAwMDBcdTAwMDBcdTAwMDBcdTAwMDBcdTAwMDBcdTAwMDAKcDE3Cmc1CnRwMTgKUnAxOQp0cDIwCmIu',
      'gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQBjbnVtcHkKbmRhcnJheQpxAUsAhXECY19jb2RlY3MKZW5jb2RlCnEDWAEAAABicQRYBgAAAGxhdGluMXEFhnEGUnEHh3EIUnEJKEsBSwKFcQpjbnVtcHkKZHR5cGUKcQtYAgAAAFUycQyJiIdxDVJxDihLA1gBAAAAPHEPTk5OSwhLBEsIdHEQYoloA1gQAAAAYQAAAGIAAABjAAAAAAAAAHERaAWGcRJScRN0cRRiLg==',
      'gAWVfgAAAAAAAACME251bXB5Ll9jb3JlLm51bWVyaWOUjAtfZnJvbWJ1ZmZlcpSTlCiWEAAAAAAAAABhAAAAYgAAAGMAAAAAAAAAlIwFbnVtcHmUjAVkdHlwZZSTlIwCVTKUiYiHlFKUKEsDjAE8lE5OTksISwRLCHSUYksChZSMAUOUdJRSlC4=',
    ],
  ],
  [
    'array of dates',
    ['2025-10-06', '2025-10-07'],
    [
      'Y251bXB5Ll9jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0CnAwCihjbnVtcHkKbmRhcnJheQpwMQooSTAKdHAyCmNfY29kZWNzCmVuY29kZQpwMwooVmIKcDQKVmxhdGluMQpwNQp0cDYKUnA3CnRwOApScDkKKEkxCihJMgp0cDEwCmNudW1weQpkdHlwZQpwMTEKKFZNOApwMTIKSTAwCkkwMQp0cDEzClJwMTQKKEk0ClY8CnAxNQpOTk5JLTEKSS0xCkkwCihOKGczCihWRApwMTYKZzUKdHAxNwpScDE4CkkxCkkxCkkxCnRwMTkKdHAyMAp0cDIxCmJJMDAKZzMKKFaPT1x1MDAwMFx1MDAwMFx1MDAwMFx1MDAwMFx1MDAwMFx1MDAwMJBPXHUwMDAwXHUwMDAwXHUwMDAwXHUwMDAwXHUwMDAwXHUwMDAwCnAyMgpnNQp0cDIzClJwMjQKdHAyNQpiLg==',
      'gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQBjbnVtcHkKbmRhcnJheQpxAUsAhXECY19jb2RlY3MKZW5jb2RlCnEDWAEAAABicQRYBgAAAGxhdGluMXEFhnEGUnEHh3EIUnEJKEsBSwKFcQpjbnVtcHkKZHR5cGUKcQtYAgAAAE04cQyJiIdxDVJxDihLBFgBAAAAPHEPTk5OSv////9K/////0sATihoA1gBAAAARHEQaAWGcRFScRJLAUsBSwF0cROGcRR0cRViiWgDWBIAAADCj08AAAAAAADCkE8AAAAAAABxFmgFhnEXUnEYdHEZYi4=',
      'gAWVqQAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChLAUsChZRoA4wFZHR5cGWUk5SMAk04lImIh5RSlChLBIwBPJROTk5K/////0r/////SwBOKEMBRJRLAUsBSwF0lIaUdJRiiUMQj08AAAAAAACQTwAAAAAAAJR0lGIu',
    ],
  ],
];

describe('what Python pickles', () => {
  it.each(PICKLES)('is read: %s', async (_name, expected, pickles) => {
    for (const pickle of pickles) {
      const { root } = await readPickled(Buffer.from(pickle, 'base64'), { unknownObjects: 'refuse' });
      expect(root).toEqual(expected);
      expect((root as object).constructor).toBe((expected as object).constructor);
    }
  });
});

/** `str` of Python 2. */
function python2(latin1: string): Uint8Array {
  return join(op(OPCODE.SHORT_BINSTRING, latin1.length), Buffer.from(latin1, 'latin1'));
}

describe('what Python 2 pickles', () => {
  it.each<[string, Uint8Array, PickleValue]>([
    ['text of UTF-8', python2('\xc3\xa9'), 'é'],
    ['text of Latin-1', python2('\xe9'), 'é'],
    [
      'a date',
      call('datetime', 'datetime', python2('\x07\xe9\x0a\x06\x17\x38\x32\x00\x00\x00')),
      '2025-10-06T23:56:50',
    ],
    ['an OrderedDict', call('collections', 'OrderedDict', list(list(text('a'), int(1)))), new OrderedDict([['a', 1]])],
    ['a set', call('__builtin__', 'set', list(int(1))), new PySet([1])],
    ['a range', call('__builtin__', 'xrange', int(0), int(3), int(1)), [0, 1, 2]],
  ])('is read: %s', async (_name, assembly, expected) => {
    expect(await unpickled(assembly)).toEqual(expected);
  });
});

describe('what other libraries pickle', () => {
  const state = '\x07\xe9\x0a\x06\x17\x38\x32\x00\x00\x00';

  it.each([
    ['dateutil', call('dateutil.tz.tz', 'tzutc'), '2025-10-06T23:56:50+00:00'],
    [
      'pytz',
      call('pytz', '_p', text('Europe/Berlin'), int(7200), int(3600), text('CEST')),
      '2025-10-06T23:56:50+02:00[Europe/Berlin]',
    ],
  ])('is a time zone of %s', async (_name, zone, expected) => {
    expect(await unpickled(call('datetime', 'datetime', python2(state), zone))).toBe(expected);
  });

  it('is a version of packaging', async () => {
    const version = call(
      'packaging.version',
      '_Version',
      int(0),
      tuple(int(2), int(1)),
      none,
      tuple(text('rc'), int(1)),
      none,
      none,
    );
    const whole = join(call('packaging.version', 'Version'), dict(text('_version'), version), op(OPCODE.BUILD));
    expect(await unpickled(whole)).toBe('2.1rc1');
  });
});

describe('what means something', () => {
  it.each([
    ['a date of month 13', call('datetime', 'date', python2('\x07\xe9\x0d\x01'))],
    ['a date of three bytes', call('datetime', 'date', python2('\x07\xe9\x0d'))],
    ['a path of numbers', call('pathlib', 'PosixPath', int(1))],
    ['a Counter of a number', call('collections', 'Counter', int(1))],
    ['text in another codec', call('_codecs', 'encode', text('x'), text('rot13'))],
    ['a bytearray of a number', call('builtins', 'bytearray', int(1_000_000_000))],
    ['a long range', call('builtins', 'range', int(0), int(1_000_000_000), int(1))],
    ['a torch.Size below zero', call('torch', 'Size', tuple(int(-1)))],
    ['a UUID of 129 bits', join(call('uuid', 'UUID'), dict(text('int'), int(-1)), op(OPCODE.BUILD))],
  ])('is described where it does not: %s', async (_name, assembly) => {
    expect(await unpickled(assembly)).toBeInstanceOf(PyObject);
  });

  it('takes its place also where it is used again', async () => {
    const uuid = join(call('uuid', 'UUID'), op(OPCODE.BINPUT, 1), dict(text('int'), int(5)), op(OPCODE.BUILD));
    const id = '00000000-0000-0000-0000-000000000005';
    expect(await unpickled(list(uuid, op(OPCODE.BINGET, 1)))).toEqual([id, id]);
  });
});
