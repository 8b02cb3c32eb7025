import { describe, expect, it } from 'vitest';
import { curlLine, downloadWays } from './download-links';

const ADDRESS = './api/model/download/m.onnx';

describe('what can be downloaded', () => {
  it('of a checkpoint is the file', () => {
    const ways = downloadWays({ filename: 'm.v2.pt' });
    expect(ways).toEqual([{ label: '.pt', title: 'Download m.v2.pt', href: './api/model/download/m.v2.pt' }]);
  });

  it('of an ONNX model is the file, its metadata, and both in one', () => {
    const ways = downloadWays({ filename: 'm.onnx', metadata_filename: 'm.json' });
    expect(ways.map(({ label, href }) => [label, href])).toEqual([
      ['.onnx', ADDRESS],
      ['.json', './api/model/download/m.json'],
      ['.zip', `${ADDRESS}?bundle=zip`],
    ]);
  });

  it('of an ONNX model with its weights beside it is each file, and all in one', () => {
    const ways = downloadWays({
      filename: 'm.onnx',
      data_filename: 'm.onnx.data',
      metadata_filename: 'm.json',
    });
    expect(ways.map(({ label, href }) => [label, href])).toEqual([
      ['.onnx', ADDRESS],
      ['.data', './api/model/download/m.onnx.data'],
      ['.json', './api/model/download/m.json'],
      ['.zip', `${ADDRESS}?bundle=zip`],
    ]);
    expect(ways.at(-1)?.title).toBe('Download m.onnx, its weights and its metadata in one .zip file');
  });
});

describe('the curl line', () => {
  it('has the whole address', () => {
    expect(curlLine('m.onnx', 'https://chess.example/caissa/#/downloads', false)).toBe(
      "curl -O 'https://chess.example/caissa/api/model/download/m.onnx'",
    );
  });

  it('takes the key from the environment where one is needed', () => {
    expect(curlLine('m.onnx', 'http://127.0.0.1:8001/', true)).toBe(
      `curl -H "Authorization: Bearer $CAISSA_KEY" -O 'http://127.0.0.1:8001/api/model/download/m.onnx'`,
    );
  });
});
