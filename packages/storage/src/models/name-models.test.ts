import { describe, expect, it } from 'vitest';
import { nameModels, withModelFile } from './name-models.js';

const named = (...filenames: string[]) => Object.fromEntries(nameModels(filenames).files);

describe('the models of a folder', () => {
  it('have the names that their files stand for', () => {
    expect(named('epoch=3-step=100.pt', 'my model.pt', '模型.pt', 'model (1).pt', 'final.pth', 'last.ckpt')).toEqual({
      'epoch_3-step_100': 'epoch=3-step=100.pt',
      my_model: 'my model.pt',
      model_f4d35440: '模型.pt',
      model_1_: 'model (1).pt',
      final: 'final.pth',
      last: 'last.ckpt',
    });
  });

  it('are NAME.pt before NAME with another extension, and that before what is made into NAME', () => {
    expect(named('final.pth', 'final.pt')).toEqual({ final: 'final.pt', final_4c670fd5: 'final.pth' });
    expect(named('a b.pt', 'a_b.ckpt')).toEqual({ a_b: 'a_b.ckpt', a_b_56f05908: 'a b.pt' });
    expect(named('a b.pt', 'a_b.ckpt', 'a_b.pt')).toMatchObject({ a_b: 'a_b.pt', a_b_56f05908: 'a b.pt' });
  });

  it('have other names, each of them, if none has more right to it', () => {
    expect(named('a b.pt', 'a  b.pt')).toEqual({ a_b_56f05908: 'a b.pt', a_b_ae0ab280: 'a  b.pt' });
    expect(named('final.pth', 'final.ckpt')).toEqual({ final_4c670fd5: 'final.pth', final_67dcb70d: 'final.ckpt' });
    expect(named('final.PT', 'final.Pt')).not.toHaveProperty('final');
  });

  it('do not depend on the order of files', () => {
    const filenames = ['a b.pt', 'a  b.pt', 'a_b.pth', 'a_b.ckpt', 'c.pth', 'c.pt', 'd.bin', 'a_b_56f05908.pt'];
    const names = Object.entries(named(...filenames)).sort();
    expect(Object.entries(named(...filenames.toReversed())).sort()).toEqual(names);
    expect(nameModels(filenames.toReversed()).nameless).toEqual(nameModels(filenames).nameless);
  });

  it('leave out only what has the digest of another', () => {
    const { files, nameless } = nameModels(['a b.pt', 'a  b.pt', 'a_b_56f05908.pt']);
    expect([...files.values()].sort()).toEqual(['a  b.pt', 'a_b_56f05908.pt']);
    expect(nameless).toEqual(['a b.pt']);
  });
});

describe('looking for a model', () => {
  const filenames = ['final.pth', 'plain.pt', 'my model.pt'];
  const look = (name: string, asked: string[] = []) =>
    withModelFile(
      name,
      async () => {
        asked.push('names');
        return nameModels(filenames);
      },
      async (filename) => {
        asked.push(filename);
        return filenames.includes(filename) ? filename : undefined;
      },
    );

  it('finds its file, and asks for the names of all only if it must', async () => {
    const asked: string[] = [];
    expect(await look('plain', asked)).toBe('plain.pt');
    expect(asked).toEqual(['plain.pt']);
    expect([await look('my_model'), await look('final')]).toEqual(['my model.pt', 'final.pth']);
  });

  it('does not find what is not there, and refuses what is no name', async () => {
    await expect(look('missing')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND', status: 404 });
    for (const bad of ['../a', '..', '/etc/passwd', 'a/b', 'a\0', '.a', '', 'my model']) {
      await expect(look(bad)).rejects.toMatchObject({ code: 'INVALID_NAME' });
    }
  });
});
