using Microsoft.Extensions.Options;

namespace ExecutionManager.Neighbours.Tests;

public sealed class When_a_rule_table_is_faulty
{
    [Test]
    public void Should_name_every_fault_with_line_and_key()
    {
        const string table = """
            rules:
              - when: { failure: actionFaild, attempt: 2-1 }
                then: { strategy: retry, delay: 5s }
              - when:
                  conected: true
                  certainty: []
                  connected: yes
                then:
                  strategy: abort
                  until: PT1H
              - when: { attempt: [1, many] }
                then: { mayRepeat: false, severity: { level: high } }
              - stop
              - then: { strategy: escalate, severity: [high], excludeDevices: agv-17 }
              - then: { strategy: reassign, severity: high, excludeDevices: [] }
              - then:
                  strategy: reassign
                  excludeDevices:
                    - { deviceId: agv-17 }
              - { when: always }
            rule: []
            """;
        Assert.That(Faults(table), Is.EqualTo([
            "t line 2: rules[0].when.failure: 'actionFaild' is not one of: dataUnavailable, deviceUnreachable, contractRejected, acceptTimeout, stalled, actionFailed, actionTimeout, deviceFault, scopeViolated, windowMissed, offlineTooLong, reconciliationTimeout, replanFailed, holdTooLong.",
            "t line 2: rules[0].when.attempt: '2-1' is no range of attempts such as 1, 1-2 or 3+",
            "t line 3: rules[0].then.delay: '5s' is no ISO 8601 duration of days and smaller, such as \"PT30S\" or \"P1DT2H\".",
            "t line 6: rules[1].when.certainty: needs at least one value",
            "t line 7: rules[1].when.connected: 'yes' is neither true nor false",
            "t line 5: rules[1].when.conected: is not known here (known: failure, taskType, attempt, certainty, connected)",
            "t line 10: rules[1].then.until: means nothing for abort",
            "t line 11: rules[2].when.attempt[1]: 'many' is no range of attempts such as 1, 1-2 or 3+",
            "t line 12: rules[2].then.strategy: is missing",
            "t line 12: rules[2].then.severity: needs a value",
            "t line 13: rules[3]: needs keys and values",
            "t line 14: rules[4].then.excludeDevices: means nothing for escalate",
            "t line 14: rules[4].then.severity: needs a value",
            "t line 15: rules[5].then.severity: means nothing for reassign",
            "t line 15: rules[5].then.excludeDevices: needs at least one value",
            "t line 19: rules[6].then.excludeDevices[0]: needs a value",
            "t line 20: rules[7].when: needs keys and values",
            "t line 20: rules[7].then: is missing",
            "t line 21: rule: is not known here (known: rules)",
        ]));
    }

    [TestCase("", "t line 1: rules: ")]
    [TestCase("- a", "t line 1: rules: ")]
    [TestCase("# nothing\nother: 1", "t line 2: rules: needs a list")]
    [TestCase("rules:\n  - when: { failure: stalled", "t line 3: YAML: ")]
    [TestCase("rules:\n  - then: { strategy: hold, strategy: abort }", "t line 2: YAML: ")]
    public void Should_say_where_it_is_no_table_at_all(string table, string expected) =>
        Assert.That(Faults(table)[0], Does.StartWith(expected));

    [Test]
    public void Should_not_start()
    {
        var file = Path.Combine(TestContext.CurrentContext.WorkDirectory, "faulty-policy.yaml");
        File.WriteAllText(file, "rules:\n  - then: { strategy: retreat }\n");

        Assert.That(async () => await Neighbourhood.Start(("Neighbours:Policy:Rules", file)),
            Throws.InstanceOf<OptionsValidationException>().With.Message
                .EqualTo($"Neighbours:Policy:Rules: {file} line 2: rules[0].then.strategy: 'retreat' is not one of: retry, reassign, escalate, hold, abort."));
    }

    private static IReadOnlyList<string> Faults(string table)
    {
        var faults = new YamlFaults("t");
        PolicyRules.Read(new StringReader(table), faults);
        return faults.All;
    }
}
