import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that notice most, in the least time. A run ends with the first test that fails. */
const QUICK = [
  'answers.test',
  'order.test',
  'defaulting.test',
  'on-file.test',
  'generated.check',
  'rows.test',
  'rules.test',
  'review.test',
  'conversion.test',
  'numbers.test',
  'laws.check',
];

/** Runs the quick files first. */
export class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = QUICK.findIndex((name) => moduleId.includes(name));
      return at === -1 ? QUICK.length : at;
    };
    return files.toSorted((left, right) => rank(left) - rank(right));
  }
}
