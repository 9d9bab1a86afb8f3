import { describe, expect, it } from 'vitest';

import { fileNameOf, folderOf, isMoving, parseCoordinates } from '../../../../builder/sources/maven/coordinates.ts';

describe('coordinates', () => {
  it.each([
    ['org.apache.tomcat:tomcat:9.0.98:tar.gz', 'tomcat-9.0.98.tar.gz', 'org/apache/tomcat/tomcat/9.0.98'],
    [
      'org.apache.activemq:apache-activemq:5.16.7:tar.gz:bin',
      'apache-activemq-5.16.7-bin.tar.gz',
      'org/apache/activemq/apache-activemq/5.16.7',
    ],
    ['junit:junit:4.13.2', 'junit-4.13.2.jar', 'junit/junit/4.13.2'],
  ])('%s is %s in %s', (text, name, folder) => {
    const parsed = parseCoordinates(text);
    expect(fileNameOf(parsed)).toBe(name);
    expect(folderOf(parsed)).toBe(folder);
  });

  it.each(['LATEST', 'RELEASE', '1.0-SNAPSHOT'])('%s stands for other files on other days', (version) => {
    expect(isMoving(version)).toBe(true);
  });

  it.each(['1.0', '1.0-RELEASE', '2.0-LATEST-1'])('%s is one version', (version) => {
    expect(isMoving(version)).toBe(false);
  });
});
