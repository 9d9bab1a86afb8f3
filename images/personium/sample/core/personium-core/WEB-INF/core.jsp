<%--
  A sample in the place of personium-core: it reads the same file of settings, stands on the same middleware, and answers the
  requests with which a unit is accepted. It is no PDS: no OData beyond these requests, no ACLs, no SAML.
  Written in the Java that Tomcat compiles pages by (8).
--%><%@ page session="false" pageEncoding="UTF-8" import="
  java.io.*, java.net.*, java.nio.channels.FileChannel, java.nio.charset.StandardCharsets, java.nio.file.*, java.security.*,
  java.security.cert.CertificateFactory, java.security.cert.X509Certificate, java.security.spec.PKCS8EncodedKeySpec, java.util.*,
  java.util.regex.*, java.util.stream.Stream, javax.crypto.Mac, javax.crypto.SecretKeyFactory, javax.crypto.spec.PBEKeySpec,
  javax.crypto.spec.SecretKeySpec, com.fasterxml.jackson.databind.JsonNode, com.fasterxml.jackson.databind.ObjectMapper,
  com.fasterxml.jackson.databind.node.ObjectNode" %><%@
  include file="config.jspf" %><%@
  include file="memcached.jspf" %><%@
  include file="elasticsearch.jspf" %><%@
  include file="events.jspf" %><%@
  include file="tokens.jspf" %><%@
  include file="files.jspf" %><%@
  include file="cells.jspf" %><%@
  include file="boxes.jspf" %><%@
  include file="requests.jspf" %><%!
  private Requests requests;

  /** As the real one: without its database it is not there, and stays away until Tomcat is started again. */
  @Override
  public void jspInit() {
    try {
      requests = new Requests(Config.read(), getServletContext());
    } catch (Exception problem) {
      getServletContext().log("personium-core does not start", problem);
    }
  }

  @Override
  public void jspDestroy() {
    if (requests != null) requests.close();
  }

  /** Pages answer GET, HEAD and POST only; this one stands before that. */
  @Override
  public void service(ServletRequest request, ServletResponse response) throws IOException {
    HttpServletResponse answer = (HttpServletResponse) response;
    if (requests == null) answer.sendError(404);
    else requests.answer((HttpServletRequest) request, answer);
  }
%>
