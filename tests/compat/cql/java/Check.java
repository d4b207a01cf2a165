import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.BatchStatement;
import com.datastax.oss.driver.api.core.cql.DefaultBatchType;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.servererrors.InvalidQueryException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** The Java driver 4 on a CQL server: Check HOST PORT. Ends with "ok", or with an exception. */
public final class Check {
  public static void main(String[] arguments) {
    InetSocketAddress address = new InetSocketAddress(arguments[0], Integer.parseInt(arguments[1]));
    try (CqlSession session = CqlSession.builder().addContactPoint(address).withLocalDatacenter("datacenter1").build()) {
      session.execute("CREATE KEYSPACE IF NOT EXISTS java WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
      session.execute("DROP TABLE IF EXISTS java.t");
      session.execute("CREATE TABLE java.t (k uuid, c int, v text, m map<text, int>, PRIMARY KEY (k, c))");
      PreparedStatement insert = session.prepare("INSERT INTO java.t (k, c, v, m) VALUES (?, ?, ?, ?)");
      UUID key = UUID.randomUUID();
      for (int number = 0; number < 250; number++) {
        session.execute(insert.bind(key, number, "v" + number, Map.of("a", number)));
      }
      int next = 0;
      for (Row row : session.execute(SimpleStatement.newInstance("SELECT * FROM java.t WHERE k = ?", key).setPageSize(40))) {
        expect(row.getInt("c") == next && row.getString("v").equals("v" + next), "row " + next);
        expect(row.getMap("m", String.class, Integer.class).equals(Map.of("a", next)), "map of row " + next);
        next++;
      }
      expect(next == 250, "rows of all pages");
      session.execute(BatchStatement.newInstance(DefaultBatchType.LOGGED, insert.bind(key, 300, "x", null), insert.bind(key, 301, "y", null)));
      expect(session.execute("SELECT count(*) FROM java.t").one().getLong(0) == 252, "count");
      expect(!session.execute(SimpleStatement.newInstance("INSERT INTO java.t (k, c) VALUES (?, 1) IF NOT EXISTS", key)).wasApplied(), "condition");
      expect(session.getMetadata().getKeyspace("java").get().getTable("t").get().getColumns().size() == 4, "metadata");
      try {
        session.execute("SELECT nope FROM java.t");
        expect(false, "an unknown column is refused");
      } catch (InvalidQueryException refused) {
        expect(refused.getMessage().startsWith("Undefined column name nope in table java.t"), refused.getMessage());
      }
      System.out.println("ok, protocol " + session.getContext().getProtocolVersion());
    }
  }

  private static void expect(boolean holds, String what) {
    if (!holds) throw new AssertionError(what);
  }
}
