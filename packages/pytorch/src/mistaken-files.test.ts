import { deflateSync, gzipSync } from 'node:zlib';
import { BufferSource } from '@caissa/bytes';
import { describe, expect, it } from 'vitest';
import type { HostileEntry } from '../test-support/hostile-archive.js';
import { readArchive } from '../test-support/small-checkpoint.js';
import { readCheckpoint } from './read-checkpoint.js';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** A tar archive with a file of this name. */
function tar(name: string): Buffer {
  const bytes = Buffer.alloc(1_024);
  bytes.write(name);
  bytes.write('ustar', 257);
  return bytes;
}

describe('files that are no checkpoints', () => {
  it.each<[string, string | Buffer, string, string]>([
    ['an empty file', '', 'NOT_A_CHECKPOINT', 'The file is empty'],
    ['text', 'hello, world', 'NOT_A_CHECKPOINT', 'a text file'],
    ['noise', latin1('\x01\x02\x03'), 'NOT_A_CHECKPOINT', 'neither a zip archive nor a pickle'],
    ['an empty zip', Buffer.from(`504b0506${'00'.repeat(18)}`, 'hex'), 'NOT_A_CHECKPOINT', 'empty zip'],
    ['a zip that was cut', latin1('PK\x03\x04\x14'), 'ZIP_TRUNCATED', 'only its first 5 bytes are here'],
    ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\n', 'NOT_A_CHECKPOINT', 'git lfs pull'],
    ['a web page', '<!DOCTYPE html>', 'NOT_A_CHECKPOINT', 'a web page'],
    ['a web page after a byte order mark', '\ufeff\r\n<html>', 'NOT_A_CHECKPOINT', 'a web page'],
    ['a web page in UTF-16', Buffer.from('\ufeff<html>', 'utf16le'), 'NOT_A_CHECKPOINT', 'a web page'],
    ['what an object store says', '<?xml version="1.0"?><Error>', 'NOT_A_CHECKPOINT', 'download the checkpoint again'],
    ['what a server says', '{"error": "not found"}', 'NOT_A_CHECKPOINT', 'download the checkpoint again'],
    ['an index', '{"metadata": {"total_size": 9}, "weight_map": {}}', 'NOT_A_CHECKPOINT', 'in several files'],
    ['other JSON', '[{"epoch": 3}]', 'NOT_A_CHECKPOINT', 'a JSON file'],
    ['an unfinished download', Buffer.alloc(4_096), 'NOT_A_CHECKPOINT', 'begins with zeros'],
    ['a gzip file', gzipSync('checkpoint'), 'NOT_A_CHECKPOINT', 'a gzip file: unpack it first'],
    ['a gzip file that is cut', latin1('\x1f\x8b\x08'), 'NOT_A_CHECKPOINT', 'a gzip file'],
    ['a network of Lc0', gzipSync(latin1(`\r\xc0\x01\0\0${'x'.repeat(99)}`)), 'NOT_A_CHECKPOINT', 'an Lc0 network'],
    ['one that is unpacked', latin1('\r\xc0\x01\0\0x'), 'NOT_A_CHECKPOINT', 'an Lc0 network'],
    ['a network of Stockfish', latin1('\x20\x2f\xf3\x7a\x01'), 'NOT_A_CHECKPOINT', 'Stockfish'],
    ['a bzip2 file', 'BZh91AY', 'NOT_A_CHECKPOINT', 'a bzip2 file'],
    ['an xz file', latin1('\xfd7zXZ\0'), 'NOT_A_CHECKPOINT', 'an xz file'],
    ['a Zstandard file', latin1('(\xb5/\xfd'), 'NOT_A_CHECKPOINT', 'a Zstandard file'],
    ['a 7z archive', latin1('7z\xbc\xaf\x27\x1c'), 'NOT_A_CHECKPOINT', 'a 7z archive'],
    ['a RAR archive', latin1('Rar!\x1a\x07'), 'NOT_A_CHECKPOINT', 'a RAR archive'],
    ['a tar archive', tar('model.pt'), 'NOT_A_CHECKPOINT', 'a tar archive: unpack it first'],
    ['a tar archive of PyTorch', tar('sys_info'), 'LEGACY_FORMAT', 'before 0.2'],
    ['an HDF5 file', latin1('\x89HDF\r\n'), 'NOT_A_CHECKPOINT', 'Keras'],
    ['a NumPy array', latin1('\x93NUMPY\x01'), 'NOT_A_CHECKPOINT', 'a NumPy array (.npy)'],
    ['a safetensors file', latin1('\x40\0\0\0\0\0\0\0{"w":'), 'NOT_A_CHECKPOINT', 'safetensors.torch.load_file'],
    ['a GGUF file', 'GGUF\u0003', 'NOT_A_CHECKPOINT', 'a GGUF file'],
    ['a TensorFlow Lite model', latin1('\x1c\0\0\0TFL3'), 'NOT_A_CHECKPOINT', 'a TensorFlow Lite model'],
    ['an ExecuTorch program', latin1('\x1c\0\0\0ET12'), 'NOT_A_CHECKPOINT', '.pte'],
    ['a SavedModel', latin1('\x08\x01\x12\xff'), 'NOT_A_CHECKPOINT', 'SavedModel of TensorFlow'],
    ['an ONNX model', latin1('\x08\x08\x12\x07pytorch'), 'NOT_A_CHECKPOINT', 'an ONNX model'],
    [
      'metadata of a distributed checkpoint',
      latin1('\x80\x04\x95\xcd\x03\0\0\0\0\0\0\x8c\x25torch.distributed.checkpoint.metadata'),
      'NOT_A_CHECKPOINT',
      'dcp_to_torch_save',
    ],
    ['a pickled dict', Buffer.from('80027d2e', 'hex'), 'NOT_A_CHECKPOINT', 'torch.save'],
    ['a pickled dict of protocol 0', '(dp0\n.', 'NOT_A_CHECKPOINT', 'a Python pickle'],
    ['a damaged pickle', Buffer.from('8002ff', 'hex'), 'NOT_A_CHECKPOINT', 'torch.save'],
    [
      'a bare pickle that would run a command',
      latin1('\x80\x02cposix\nsystem\nX\x02\0\0\0id\x85R.'),
      'PICKLE_DANGEROUS',
      'posix.system',
    ],
  ])('refuses %s', async (_name, content, code, hint) => {
    await expect(readCheckpoint(new BufferSource(Buffer.from(content)))).rejects.toMatchObject({
      name: 'FormatError',
      code,
      message: expect.stringContaining(hint),
    });
  });
});

describe('zip archives that are no checkpoints', () => {
  const named = (...names: string[]): HostileEntry[] => names.map((name) => ({ name, data: deflateSync('x') }));
  it.each<[string, HostileEntry[], string]>([
    ['a zip around a model', named('model.pt'), 'a zip file that contains model.pt: unpack it first.'],
    ['a zip around a folder', named('run1/log.txt', 'run1/best.pth'), 'contains best.pth: unpack'],
    ['one of a name that does things', named('\u202em.pt'), 'contains "\\u202em.pt": unpack'],
    ['a .npz', named('conv_input.weight.npy', 'fc.npy'), 'a NumPy file (.npz)'],
    ['an unpacked checkpoint', named('data.pkl', 'version', 'data/0'), 'without its folder'],
    ['a program of torch.export', named('m/archive_format', 'm/models/model.json'), 'torch.export.save'],
    ['an older one', named('serialized_exported_program.json', 'version'), 'torch.export.save'],
    ['a Keras file', named('config.json', 'model.weights.h5'), 'a Keras file'],
    ['a distributed checkpoint', named('run/.metadata', 'run/__0_0.distcp'), 'dcp_to_torch_save'],
    ['any other', named('a/notes.txt'), 'it has no data.pkl'],
  ])('says what %s is', async (_name, entries, hint) => {
    await expect(readArchive(entries)).rejects.toMatchObject({
      code: 'NOT_A_CHECKPOINT',
      message: expect.stringContaining(hint),
    });
  });

  it('tells TorchScript from TorchScript for mobile devices', async () => {
    const script = named('m/data.pkl', 'm/constants.pkl');
    await expect(readArchive(script)).rejects.toThrow(/TorchScript program, .*type torch\.save\(model\.state_dict\(\)/);
    await expect(readArchive([...script, ...named('m/bytecode.pkl')])).rejects.toMatchObject({
      code: 'TORCHSCRIPT',
      message: expect.stringContaining('mobile devices'),
    });
  });
});
