import { describe, expect, test } from 'vitest';
import { diagnose, diagnoseConnection, diagnoseReply } from './diagnose.js';

const reply = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' });
const failure = (code: string, message = code) => Object.assign(new Error(message), { code });

describe('an error reply tells', () => {
  test.each([
    ["OOM command not allowed when used memory > 'maxmemory'.", 'REDIS_FULL', /more memory/],
    [
      "ERR Error running script (call to f_1): @user_script:7: -OOM command not allowed when used memory > 'maxmemory'.",
      'REDIS_FULL',
      /\(OOM\)/,
    ],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'REDIS_DENIED', /\(WRONGPASS\): correct/],
    ['NOAUTH Authentication required.', 'REDIS_DENIED', /password/],
    ["NOPERM this user has no permissions to run the 'set' command", 'REDIS_DENIED', /rights/],
    ['-DENIED Redis is running in protected mode', 'REDIS_DENIED', /protected mode/],
    ['ERR max number of clients reached', 'REDIS_DENIED', /maxclients/],
    ["READONLY You can't write against a read only replica.", 'REDIS_READ_ONLY', /master/],
    ['MISCONF Redis is configured to save RDB snapshots', 'REDIS_READ_ONLY', /disk/],
    ['NOREPLICAS Not enough good replicas to write.', 'REDIS_READ_ONLY', /replicas/],
    ['LOADING Redis is loading the dataset in memory', 'REDIS_STARTING', /wait/],
    ['MASTERDOWN Link with MASTER is down', 'REDIS_STARTING', /master/],
    ['CLUSTERDOWN The cluster is down', 'REDIS_UNREACHABLE', /nodes/],
    ['BUSY Redis is busy running a script.', 'REDIS_STARTING', /SCRIPT KILL/],
    ['ERR DB index is out of range', 'REDIS_UNSUITABLE', /number/],
    ['ERR SELECT is not allowed in cluster mode', 'REDIS_UNSUITABLE', /number/],
    ['MOVED 1 127.0.0.1:7000', 'REDIS_UNSUITABLE', /redis\+cluster/],
    ['ERR This instance has cluster support disabled', 'REDIS_UNSUITABLE', /begin it with redis:/],
    ["ERR unknown command 'set', with args beginning with: 'a'", 'REDIS_UNSUITABLE', /redis\+sentinel/],
  ])('%s', (message, code, sentence) => {
    expect(diagnoseReply(reply(message))).toEqual({ code, message: expect.stringMatching(sentence) });
  });

  test('nothing of Redis where it tells of the command', () => {
    expect(diagnoseReply(reply('WRONGTYPE Operation against a key'))).toBeUndefined();
    expect(diagnoseReply(reply("ERR unknown command 'NONSENSE'"))).toBeUndefined();
  });
});

describe('an error of a connection tells', () => {
  test.each([
    [failure('ECONNREFUSED'), 'REDIS_UNREACHABLE', /Nothing listens.*\(ECONNREFUSED\)/],
    [failure('ENOTFOUND'), 'REDIS_UNREACHABLE', /host name/],
    [failure('EAI_AGAIN'), 'REDIS_UNREACHABLE', /host name/],
    [failure('EHOSTUNREACH'), 'REDIS_UNREACHABLE', /network/],
    [failure('CERT_HAS_EXPIRED'), 'REDIS_UNREACHABLE', /expired/],
    [failure('SELF_SIGNED_CERT_IN_CHAIN'), 'REDIS_UNREACHABLE', /REDIS_TLS_CA_FILE/],
    [failure('DEPTH_ZERO_SELF_SIGNED_CERT'), 'REDIS_UNREACHABLE', /REDIS_TLS_CA_FILE/],
    [failure('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'REDIS_UNREACHABLE', /REDIS_TLS_CA_FILE/],
    [failure('ERR_TLS_CERT_ALTNAME_INVALID'), 'REDIS_UNREACHABLE', /another name/],
    [failure('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), 'REDIS_DENIED', /REDIS_TLS_CERT_FILE/],
    [failure('ERR_SSL_WRONG_VERSION_NUMBER'), 'REDIS_UNREACHABLE', /does not speak TLS/],
    [failure('ECONNRESET'), 'REDIS_UNREACHABLE', /wants? TLS/],
    [failure('', 'Unknown RESP type 60 "<". Please report this.'), 'REDIS_UNSUITABLE', /not Redis/],
    [failure('', 'All sentinels are unreachable. Last error: Connection is closed.'), 'REDIS_UNREACHABLE', /Sentinels/],
    [failure('', 'All sentinels are unreachable. Last error: ERR No such master'), 'REDIS_UNSUITABLE', /master/],
  ])('%s', (error, code, sentence) => {
    expect(diagnoseConnection(error, false)).toEqual({ code, message: expect.stringMatching(sentence) });
  });

  test('of a cluster, what its last node said', () => {
    const error = Object.assign(new Error('Failed to refresh slots cache.'), { lastNodeError: reply('NOAUTH x') });
    expect(diagnoseConnection(error, false).message).toMatch(/NOAUTH/);
  });

  test('of silence, that TLS may be the reason, where it was asked for', () => {
    expect(diagnose(failure('ETIMEDOUT')).message).toMatch(/does not answer/);
    expect(diagnoseConnection(failure('ETIMEDOUT'), true).message).toMatch(/speaks TLS/);
  });
});
