import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.app.Initiator;
import ca.uhn.hl7v2.model.Message;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * An independent client: sends the messages of a file, one a line, over one connection. Prints for each the
 * structure as which the answer was parsed, a tab, and the answer with <RS> for each <CR>.
 */
class Client {
    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        try (HapiContext context = new DefaultHapiContext()) {
            Connection line = context.newClient("localhost", Integer.parseInt(arguments[0]), false);
            Initiator initiator = line.getInitiator();
            initiator.setTimeout(60, TimeUnit.SECONDS);
            for (String text : Files.readString(Path.of(arguments[1])).split("\n")) {
                Message sent = context.getPipeParser().parse(text);
                Message answer = initiator.sendAndReceive(sent);
                out.println(answer.getClass().getSimpleName() + "\t" + answer.encode().replace("\r", "\u001e"));
            }
            line.close();
        }
    }
}
