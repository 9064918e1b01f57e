require('./report.cjs');
