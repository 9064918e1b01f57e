import './report.cjs';
import express from 'express';
import OpenAI from 'openai';

express();
new OpenAI({ apiKey: 'none' });
