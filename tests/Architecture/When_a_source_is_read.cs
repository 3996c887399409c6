using System.Text.RegularExpressions;

namespace ExecutionManager.Architecture.Tests;

public sealed class When_a_source_is_read
{
    private static IEnumerable<string> Projects => ProjectRule.Table.Select(rule => rule.Project);

    [TestCaseSource(nameof(Projects))]
    public void Should_hold_nothing_that_the_table_forbids(string project)
    {
        var rules = SourceRule.Table.Where(rule => rule.Project == project).ToList();

        Assert.That(
            Repository.Sources(project).SelectMany(source => rules.SelectMany(rule => rule.Violations(source.File, source.Text))),
            Is.Empty);
    }

    [TestCaseSource(nameof(Projects))]
    public void Should_name_no_type_after_nothing(string project) =>
        Assert.That(
            Repository.Sources(project).SelectMany(source =>
                Regex.Matches(source.Text, @"\b(class|record|struct|interface|enum) \w+(Manager|Helpers?|Utils?)\b").Select(match => match.Value)),
            Is.Empty);

    [TestCase("Domain", "public async Task Push() => await x;", 2)]
    [TestCase("Domain", "var late = clock.GetUtcNow() > due;", 1)]
    [TestCase("Domain", "ILogger<Journal> logger", 1)]
    [TestCase("Domain", "var id = Guid.NewGuid();", 1)]
    [TestCase("Domain", "if (state == State.AwaitingConnection) return;", 1)]
    [TestCase("Domain", "if (state == \"awaitingConnection\") return;", 1)]
    [TestCase("Domain", "if (state == \"live\") return;", 1)]
    [TestCase("Domain", "if (state == State.Projected) return;", 1)]
    [TestCase("Domain", "return Certainty.Projected;", 0)]
    [TestCase("Domain", "enum Certainty { Confirmed, Projected, Inconclusive }", 0)]
    [TestCase("Domain", "var held = entries.Live; // never in AwaitingConnection, await", 0)]
    [TestCase("Sagas", "db.Execute(\"SELECT * FROM saga\");", 1)]
    [TestCase("Sagas", "using MQTTnet;", 1)]
    [TestCase("Sagas", "var left = due - now;", 1)]
    [TestCase("Sagas", "var text = \"a - b\";", 0)]
    [TestCase("Durability", "using ExecutionManager.Domain;", 1)]
    [TestCase("Durability", "namespace ExecutionManager.Durability; // a Contract", 0)]
    [TestCase("Durability", "Guid ContractId", 1)]
    [TestCase("Adapters", "using Microsoft.AspNetCore.Http;", 1)]
    [TestCase("Simulation", "using ExecutionManager.Contracts.Messages;", 1)]
    public void Should_be_found_out(string project, string source, int times)
    {
        var rules = SourceRule.Table.Where(rule => rule.Project == project);

        Assert.That(
            rules.SelectMany(rule => rule.Violations("x.cs", Repository.WithoutComments(source))),
            Has.Exactly(times).Items);
    }
}
