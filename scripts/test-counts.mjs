// Prints the counts of a Vitest JSON report as one line; exits 1 when a test failed, none ran, or the report is missing.
import { readFileSync } from 'node:fs';

const [file = '.cache/test-report.json'] = process.argv.slice(2);
let report;
try {
  report = JSON.parse(readFileSync(file, 'utf8'));
} catch (error) {
  console.error(`scripts/test-counts.mjs: no test report at ${file} (${error.code ?? error.name}); run npm test first`);
  process.exit(1);
}
const { numPassedTests: passed, numFailedTests, numPendingTests: pending, numTodoTests: todo = 0, success } = report;
// A file whose set-up failed has no failed test of its own, only skipped ones.
const failed = success ? numFailedTests : Math.max(numFailedTests, 1);
if (failed > 0 || passed === 0) process.exitCode = 1;
console.log(`${passed} passed, ${failed} failed, ${pending + todo} skipped`);
