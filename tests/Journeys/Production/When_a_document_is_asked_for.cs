using System.Text.Json;
using ExecutionManager.Domain;
using ExecutionManager.Sagas;
using ExecutionManager.Store;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace ExecutionManager.Journeys.Tests;

/// <summary>A document is kept in memory once it cannot change any more, and not before: another worker may write it.</summary>
public sealed class When_a_document_is_asked_for
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private static readonly Guid Id = Guid.CreateVersion7();

    private SqliteConnection memory = null!;
    private AcceptedDocuments accepted = null!;

    [SetUp]
    public async Task Create()
    {
        (memory, accepted) = (new SqliteConnection("Data Source=:memory:"), new AcceptedDocuments());
        await memory.OpenAsync();
        await using var db = Db();
        await db.Database.EnsureCreatedAsync();
    }

    [TearDown]
    public void Close()
    {
        accepted.Dispose();
        memory.Dispose();
    }

    [TestCase(1, false, ExpectedResult = "first")]
    [TestCase(0, false, ExpectedResult = "second", Description = "never accepted")]
    [TestCase(1, true, ExpectedResult = "second", Description = "taken up with a journal while its data are still fetched")]
    public async Task<string> Should_be_read_again_while_it_may_change(int acceptedRevision, bool needsData)
    {
        await Write("first", needsData);
        Assert.That(await Read(acceptedRevision), Is.EqualTo("first"));
        await Write("second", needsData);
        return await Read(acceptedRevision);
    }

    private async Task Write(string type, bool needsData)
    {
        var json = $$"""
            { "deviceId": "agv-17", "task": { "taskId": "T", "type": "{{type}}" }, "frame": "hall-3",
              "actions": [ { "actionId": "a1", "actionType": "drive", "duration": { "min": "PT10S", "mode": "PT20S", "max": "PT30S" } } ],
              {{(needsData ? "\"dataRequests\": [ { \"name\": \"map\", \"source\": \"equator\", \"query\": {} } ]," : "")}}
              "scope": { "actionTypes": ["drive"], "offlineAllowance": "PT10M" } }
            """;
        var contract = ContractDocument.Read(JsonDocument.Parse(json).RootElement, Id, Now).Contract! with { Revision = 1 };
        await using var db = Db();
        await new ContractRecords(db, TimeProvider.System, accepted).Keep(contract, default);
        await db.SaveChangesAsync();
    }

    private async Task<string> Read(int acceptedRevision)
    {
        await using var db = Db();
        db.Contracts.Attach(new ContractState { CorrelationId = Id, AcceptedRevision = acceptedRevision });
        return (await new ContractRecords(db, TimeProvider.System, accepted).Document(Id, 1, default)).Task.Type;
    }

    private SqliteStoreContext Db() => new(new DbContextOptionsBuilder<SqliteStoreContext>().UseSqlite(memory).Options);
}
