<%--
  A sample in the place of personium-engine: it runs no script, and says which extensions it would load.
--%><%@ page session="false" contentType="application/json;charset=UTF-8" trimDirectiveWhitespaces="true" import="java.io.File, java.util.*" %><%
  String[] names = new File(System.getProperty("io.personium.environment"), "personium-engine/extensions").list((folder, name) -> name.endsWith(".jar"));
  List<String> extensions = new ArrayList<>(Arrays.asList(names == null ? new String[0] : names));
  Collections.sort(extensions);
%>{"engine":"sample","extensions":"<%= extensions %>"}
