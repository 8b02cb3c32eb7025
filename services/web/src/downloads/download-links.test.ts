import { describe, expect, it } from 'vitest';
import { curlLine, downloadWays } from './download-links';

const URL_PATH = '/api/model/download/m.onnx';

describe('what can be downloaded', () => {
  it('of a checkpoint is the file', () => {
    const ways = downloadWays({ filename: 'm.v2.pt', download_url: '/api/model/download/m.v2.pt' });
    expect(ways).toEqual([{ label: '.pt', title: 'Download m.v2.pt', href: '/api/model/download/m.v2.pt' }]);
  });

  it('of an ONNX model is the file, its metadata, and both in one', () => {
    const ways = downloadWays({ filename: 'm.onnx', metadata_filename: 'm.json', download_url: URL_PATH });
    expect(ways.map(({ label, href }) => [label, href])).toEqual([
      ['.onnx', URL_PATH],
      ['.json', '/api/model/download/m.json'],
      ['.zip', `${URL_PATH}?bundle=zip`],
    ]);
  });

  it('of an ONNX model with its weights beside it is each file, and all in one', () => {
    const ways = downloadWays({
      filename: 'm.onnx',
      data_filename: 'm.onnx.data',
      metadata_filename: 'm.json',
      download_url: URL_PATH,
    });
    expect(ways.map(({ label, href }) => [label, href])).toEqual([
      ['.onnx', URL_PATH],
      ['.data', '/api/model/download/m.onnx.data'],
      ['.json', '/api/model/download/m.json'],
      ['.zip', `${URL_PATH}?bundle=zip`],
    ]);
    expect(ways.at(-1)?.title).toBe('Download m.onnx, its weights and its metadata in one .zip file');
  });
});

describe('the curl line', () => {
  it('has the whole address', () => {
    expect(curlLine(URL_PATH, 'https://chess.example', false)).toBe(`curl -O 'https://chess.example${URL_PATH}'`);
  });

  it('takes the key from the environment where one is needed', () => {
    expect(curlLine(URL_PATH, 'http://127.0.0.1:8001', true)).toBe(
      `curl -H "Authorization: Bearer $CAISSA_KEY" -O 'http://127.0.0.1:8001${URL_PATH}'`,
    );
  });
});
