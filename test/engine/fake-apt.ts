import type { Programs } from '../../pipeline/engine/programs.ts';
import { sha256 } from './steps.ts';

/** apt whose mirror has these packages, and means all of them whatever it is asked for. */
export function aptThatHas(names: readonly string[], version = '3.1'): Programs & { asked: string[] } {
  const asked: string[] = [];
  const fileOf = (name: string): string => `pool/${name}_${version}_amd64.deb`;
  const answers: Record<string, string> = {
    '--print-uris': names.map(name => `'http://mirror.example/${fileOf(name)}' ${name}.deb 7`).join('\n'),
    show: names
      .map(name =>
        [
          `Package: ${name}`,
          `Version: ${version}`,
          'Architecture: amd64',
          `Filename: ${fileOf(name)}`,
          'Size: 7',
          `SHA256: ${sha256(`${name} deb`)}`,
        ].join('\n'),
      )
      .join('\n\n'),
  };
  return {
    asked,
    run: argv => {
      const word = argv.find(each => each in answers) ?? '';
      asked.push(word === '' ? (argv.at(-1) ?? '') : word);
      return Promise.resolve(answers[word] ?? '');
    },
  };
}
