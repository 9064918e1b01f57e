import { expect, test } from 'vitest';
import { jobType } from './job-type.ts';

test.each([
  ['parse', 'parse'],
  ['parseCv', 'parseCv'],
  ['send-feedback-facade', 'send-feedback-facade'],
  ['resize-8213', 'resize-#'],
  ['myJob 17', 'myJob #'],
  ['user:42:report:2026-11-22', 'user:#:report:#-#-#'],
  ['parse-6f1c2d3e-4a5b-4c6d-8e7f-0a1b2c3d4e5f', 'parse-#'],
  ['PARSE-6F1C2D3E-4A5B-4C6D-8E7F-0A1B2C3D4E5F', 'PARSE-#'],
  ['thumbnail_507f1f77bcf86cd799439011.png', 'thumbnail_#.png'],
])('the job name %s is of the type %s', (name, type) => {
  expect(jobType(name)).toBe(type);
});
