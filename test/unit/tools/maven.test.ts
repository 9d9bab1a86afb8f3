import { expect, it } from 'vitest';

import { copyArgs, copyProject } from '../../../builder/tools/maven.ts';

it('asks for exactly the items, in the words of the plugin', () => {
  const item = { groupId: 'org.example', artifactId: 'app', version: '1', type: 'war', outputDirectory: '/a&b', destFileName: 'app.war' };
  expect(copyProject([{ ...item, classifier: 'bin' }])).toContain(
    '<artifactItem><groupId>org.example</groupId><artifactId>app</artifactId><version>1</version><type>war</type>' +
      '<outputDirectory>/a&amp;b</outputDirectory><destFileName>app.war</destFileName><classifier>bin</classifier></artifactItem>',
  );
});

it("leaves the host's own repository alone", () => {
  expect(copyArgs('/w/pom.xml', '/cache/maven')).toContain('-Dmaven.repo.local=/cache/maven');
});
