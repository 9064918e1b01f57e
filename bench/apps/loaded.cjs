require('./report.cjs');
const express = require('express');
const { default: OpenAI } = require('openai');

express();
new OpenAI({ apiKey: 'none' });
