// A server that is not there, and one that ends again and again: said, with what to do, and mended by the setting.
import fs from 'node:fs';

export default async editor => {
  const { 'orchestra.client.interpreter': interpreter } = JSON.parse(fs.readFileSync(editor.settingsFile, 'utf8'));
  const toast = text => editor.page.locator('.notification-toast', { hasText: text }).first().waitFor({ timeout: 10_000 });
  editor.set({ 'orchestra.client.interpreter': '/nowhere/python' });
  await editor.statusSays(/no server/, 10_000);
  await toast('/nowhere/python, which is not there');
  await editor.wait(300);
  await editor.shot('no-server');
  editor.say('a missing server is said');

  editor.set({ 'orchestra.client.command': ['/bin/false'] });
  await editor.statusSays(/stopped/, 30_000);
  await toast('ended five times');
  await editor.shot('crash-loop');
  editor.say('a server that always ends is given up, with its log at hand');

  editor.set({ 'orchestra.client.command': [], 'orchestra.client.interpreter': interpreter });
  await editor.statusSays(/Orchestra$|local|down/, 30_000);
  editor.say('the setting was mended and the server runs');
};
