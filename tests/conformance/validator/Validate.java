import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.Measure;
import org.hl7.fhir.utilities.http.ManagedWebAccess;
import org.hl7.fhir.utilities.http.ManagedWebAccess.WebAccessPolicy;

/**
 * Judges FHIR R4 resources by HL7's validator, with the definitions in its jars and those given: nothing is asked of
 * the network. So it warns of each code of LOINC, SNOMED CT and the like that nobody checked it.
 *
 * <p>{@code Validate RESOURCES DEFINITIONS}: two folders of files, JSON or XML. Prints a line for each resource: the
 * file's name, a tab, an OperationOutcome.
 */
class Validate {
    public static void main(String[] folders) throws Exception {
        ManagedWebAccess.setAccessPolicy(WebAccessPolicy.PROHIBITED);
        var context = FhirContext.forR4();
        var given = new Given(context);
        for (var file : filesOf(folders[1])) {
            given.addResource(context.newJsonParser().parseResource(Files.readString(file)));
        }
        var judge = new FhirInstanceValidator(
            new ValidationSupportChain(
                new DefaultProfileValidationSupport(context),
                given,
                new CommonCodeSystemsTerminologyService(context),
                new InMemoryTerminologyServerValidationSupport(context),
                new SnapshotGeneratingValidationSupport(context)));
        judge.setErrorForUnknownProfiles(true);
        var validator = context.newValidator().registerValidatorModule(judge);
        for (var file : filesOf(folders[0])) {
            var outcome = validator.validateWithResult(Files.readString(file)).toOperationOutcome();
            System.out.println(file.getFileName() + "\t" + context.newJsonParser().encodeResourceToString(outcome));
        }
    }

    private static List<Path> filesOf(String folder) throws Exception {
        try (var files = Files.list(Path.of(folder))) {
            return files.sorted().toList();
        }
    }

    /** Measures too, against which their reports are judged. */
    private static class Given extends PrePopulatedValidationSupport {
        private final Map<String, Measure> measures = new HashMap<>();

        Given(FhirContext context) {
            super(context);
        }

        @Override
        public void addResource(IBaseResource resource) {
            super.addResource(resource);
            if (resource instanceof Measure measure) {
                measures.put(measure.getUrl(), measure);
            }
        }

        @Override
        public <T extends IBaseResource> T fetchResource(Class<T> type, String url) {
            return type == Measure.class ? type.cast(measures.get(url)) : super.fetchResource(type, url);
        }
    }
}
