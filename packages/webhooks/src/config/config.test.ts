import { safeParse } from 'valibot';
import { expect, it } from 'vitest';
import { webhooksConfiguration } from './index.ts';

it('takes what the documentation shows', () => {
  const configuration = {
    strict: false,
    plans: { price_123: 'premium' },
    earns: { premium: { job_match: 2, cv_parse: 1 } },
    paths: { yookassa: '/hooks/yookassa' },
  };
  expect(safeParse(webhooksConfiguration, configuration)).toMatchObject({ success: true, output: configuration });
});

it.each([
  ['an unknown key', { plan: {} }, 'plan'],
  ['a plan without a name', { plans: { price_1: '' } }, 'plans.price_1'],
  ['a negative weight', { earns: { premium: { job_match: -1 } } }, 'earns.premium.job_match'],
  ['a weight that is no number', { earns: { premium: { job_match: 'much' } } }, 'earns.premium.job_match'],
  ['a path that is none', { paths: { yookassa: 'hooks' } }, 'paths.yookassa'],
])('refuses %s and names the key', (_what, configuration, key) => {
  const { issues } = safeParse(webhooksConfiguration, configuration);
  expect(issues?.map(({ path }) => path?.map((part) => part.key).join('.'))).toContain(key);
});
