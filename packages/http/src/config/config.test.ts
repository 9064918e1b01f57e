import * as v from 'valibot';
import { expect, test } from 'vitest';
import { httpConfiguration } from './index.ts';

test.each([[false], [{}], [{ ignorePaths: [] }], [{ ignorePaths: ['/', '/health', '/a/b-c.d'] }]])('%j is valid', (configuration) => {
  expect(v.parse(httpConfiguration, configuration)).toEqual(configuration);
});

test.each([[true], [{ ignorePaths: '/health' }], [{ ignorePaths: ['health'] }], [{ ignorePaths: ['/health?x'] }], [{ ignorePath: ['/health'] }]])(
  '%j is refused',
  (configuration) => {
    const { success, issues } = v.safeParse(httpConfiguration, configuration);
    expect(success).toBe(false);
    expect(issues?.[0].message).toMatch(/ignorePaths|must be a path/);
  },
);
